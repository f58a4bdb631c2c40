/* Prints what the fast block of a racksat controller says, and sets the power cap of a tray.
 *
 *     cap_trays DEVICE [TRAY WATTS]
 *
 * DEVICE is a serial device or socket://HOST:PORT, as `racksat serve` prints it. Exit status: 0 done,
 * 1 the controller did not answer or refused, 2 bad usage.
 */
#include "racksat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses and scales from docs/registers.md */
#define IDENTITY_ID 0x0000u      /* identity.id */
#define IDENTITY_CONFIG 0x0008u  /* identity.config: trays in bits 7:0 */
#define MAGIC 0x524B5354u        /* identity.id.magic, "RKST" */
#define FAST 0x0100u             /* fast block */
#define FAST_WORDS 16
#define TRAY_CONTROL_CAP 0x0200u /* tray_control.cap, 4 bytes a tray */
#define CAP_SCALE_W 0.2          /* tray_control.cap.power, bits 31:16; .clock is in 15:0 */

#define VOLT 0.02                /* fast.bus, fast.battery */
#define AMPERE 0.02              /* fast.bus, fast.supply */
#define BATTERY_AMPERE 0.04      /* fast.battery.current ... */
#define BATTERY_OFFSET_A 1310.72 /* ... which is offset */
#define KELVIN 0.01              /* all temperatures */
#define FLOW_L_MIN 0.01          /* fast.coolant.flow */
#define ZERO_CELSIUS_K 273.15

static double high(const uint32_t *fast, int word) { return fast[word] >> 16; }
static double low(const uint32_t *fast, int word) { return fast[word] & 0xFFFF; }
static double celsius(double raw) { return raw * KELVIN - ZERO_CELSIUS_K; }

static int failed(const char *what, int result)
{
    const char *why = result == RACKSAT_SYSTEM ? strerror(errno) : racksat_text(result);

    fprintf(stderr, "cap_trays: %s: %s\n", what, why);
    return 1;
}

static void print_fast(const uint32_t *fast)
{
    for (int i = 0; i < FAST_WORDS; i++)
        printf("0x%04X  %08X\n", FAST + 4 * (unsigned)i, (unsigned)fast[i]);
    printf("trays powered     0x%08X\n", (unsigned)fast[3]);       /* fast.powered */
    printf("bus               %.2f V %.2f A\n", high(fast, 4) * VOLT, low(fast, 4) * AMPERE);
    printf("battery           %.2f V %.2f A %.2f C\n", high(fast, 5) * VOLT,
           low(fast, 5) * BATTERY_AMPERE - BATTERY_OFFSET_A, celsius(low(fast, 6)));
    printf("solar array       %.2f A\n", high(fast, 6) * AMPERE);   /* fast.supply */
    if (fast[7] != 0)                                               /* fast.hottest */
        printf("hottest GPU, HBM  %.2f C %.2f C\n", celsius(high(fast, 7)), celsius(low(fast, 7)));
    printf("coolant supply    %.2f C %.2f C %.2f C\n", celsius(high(fast, 8)),
           celsius(low(fast, 8)), celsius(high(fast, 9)));          /* three sensors */
    printf("coolant return    %.2f C\n", celsius(low(fast, 9)));    /* fast.coolant_ends */
    printf("coolant flow      %.2f L/min\n", high(fast, 10) * FLOW_L_MIN);
    printf("radiator outlet   %.2f C\n", celsius(low(fast, 10)));   /* fast.coolant */
}

/* Set the power cap of a tray and leave its clock cap as it is. */
static int cap_tray(struct racksat *link, unsigned tray, double watts)
{
    uint32_t address = TRAY_CONTROL_CAP + 4 * tray;
    uint32_t raw = (uint32_t)(watts / CAP_SCALE_W + 0.5);
    uint8_t cap[4];
    int result = racksat_read(link, address, cap, sizeof cap);

    if (result == RACKSAT_OK) {
        racksat_put_word(cap, raw << 16 | (racksat_word(cap) & 0xFFFF));
        result = racksat_write(link, address, cap, sizeof cap);
    }
    return result;
}

static int work(struct racksat *link, int capping, unsigned tray, double watts)
{
    uint8_t identity[12], block[4 * FAST_WORDS];
    uint32_t fast[FAST_WORDS];
    int result = racksat_read(link, IDENTITY_ID, identity, sizeof identity);

    if (result != RACKSAT_OK)
        return failed("identity", result);
    if (racksat_word(identity) != MAGIC) {
        fprintf(stderr, "cap_trays: no racksat controller: its id is 0x%08X, not 0x%08X\n",
                (unsigned)racksat_word(identity), MAGIC);
        return 1;
    }
    result = racksat_read(link, FAST, block, sizeof block);
    if (result != RACKSAT_OK)
        return failed("fast block", result);
    for (int i = 0; i < FAST_WORDS; i++)
        fast[i] = racksat_word(block + 4 * i);
    print_fast(fast);
    if (!capping)
        return 0;
    if (tray >= identity[IDENTITY_CONFIG + 3]) {
        fprintf(stderr, "cap_trays: tray %u: there are trays 0 to %u\n", tray,
                identity[IDENTITY_CONFIG + 3] - 1u);
        return 2;
    }
    result = cap_tray(link, tray, watts);
    if (result != RACKSAT_OK)
        return failed("cap", result);
    printf("tray %u capped at %.1f W\n", tray, watts);
    return 0;
}

int main(int count, char **words)
{
    struct racksat link;
    char *tray_end = "", *watts_end = "";
    unsigned long tray = 0;
    double watts = 0.0;
    int result;

    if (count == 4) {
        tray = strtoul(words[2], &tray_end, 10);
        watts = strtod(words[3], &watts_end);
    }
    if ((count != 2 && count != 4) || *tray_end != '\0' || *watts_end != '\0' || tray > 31 ||
        !(watts >= 0.0 && watts <= 0xFFFF * CAP_SCALE_W)) {
        fprintf(stderr, "usage: cap_trays DEVICE [TRAY WATTS], with 0 to %.0f W\n",
                0xFFFF * CAP_SCALE_W);
        return 2;
    }
    result = racksat_open(&link, words[1]);
    if (result != RACKSAT_OK)
        return failed(words[1], result);
    result = work(&link, count == 4, (unsigned)tray, watts);
    racksat_close(&link);
    return result;
}
