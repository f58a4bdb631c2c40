/* Client of a racksat payload controller: reads and writes of its registers, RMAP over SLIP.
 *
 * Written from docs/link.md and docs/registers.md. One transaction at a time, no threads, no heap.
 */
#ifndef RACKSAT_H
#define RACKSAT_H

#include <stddef.h>
#include <stdint.h>

/* Results of calls: 0, one of these, or an RMAP status (1 to 255) with which the controller refused. */
#define RACKSAT_OK 0
#define RACKSAT_SYSTEM (-1)  /* a call of the operating system failed, see errno */
#define RACKSAT_TIMEOUT (-2) /* no valid reply to any of the tries */
#define RACKSAT_USAGE (-3)   /* lengths that the controller does not serve, a device that is none */

#define RACKSAT_READ_MAX 512  /* bytes in one command */
#define RACKSAT_WRITE_MAX 256
#define RACKSAT_FRAME_MAX (RACKSAT_READ_MAX + 15) /* a read reply: 12 + data + CRC-8, CRC-16 */

struct racksat {
    int file;            /* of the device or socket */
    int timeout_ms;      /* of one try; set by racksat_open, change it as you like */
    int tries;           /* of one transaction */
    uint16_t transaction;
    unsigned long dropped; /* frames with a wrong CRC-16 or bad escape */
    unsigned long retries;
    uint8_t frame[RACKSAT_FRAME_MAX]; /* being received, without escapes */
    size_t length;
    int escaped;         /* the last byte was ESC */
    int broken;          /* the frame is too long or had a bad escape: drop it at its END */
};

/* Open a serial device ("/dev/ttyUSB0", 1 Mbaud) or a TCP port ("socket://HOST:PORT"). */
int racksat_open(struct racksat *link, const char *device);
void racksat_close(struct racksat *link);

/* Read `length` bytes, a multiple of 4 up to RACKSAT_READ_MAX, from `address` on. */
int racksat_read(struct racksat *link, uint32_t address, uint8_t *data, size_t length);

/* Write verified and acknowledged. Tried again when no reply came, it may act twice: harmless with
 * setpoints; with command registers set `tries` to 1. */
int racksat_write(struct racksat *link, uint32_t address, const uint8_t *data, size_t length);

/* A big-endian word out of, or into, register bytes. */
uint32_t racksat_word(const uint8_t *bytes);
void racksat_put_word(uint8_t *bytes, uint32_t word);

/* What a result means. */
const char *racksat_text(int result);

#endif
