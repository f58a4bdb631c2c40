#define _DEFAULT_SOURCE /* cfmakeraw and B1000000 beside POSIX */

#include "racksat.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* SLIP, RFC 1055 */
#define END 0xC0
#define ESC 0xDB
#define ESC_END 0xDC
#define ESC_ESC 0xDD

/* RMAP, ECSS-E-ST-50-52C, and what docs/registers.md says of this target */
#define PROTOCOL 0x01
#define TARGET_ADDRESS 0xFE /* logical address of the controller */
#define INITIATOR_ADDRESS 0x67
#define FLIGHT_KEY 0x20
#define READ 0x4C  /* command, reply, incrementing */
#define WRITE 0x7C /* command, write, verify, reply, incrementing */
#define COMMAND_BIT 0x40
#define COMMAND_HEADER 16
#define READ_REPLY_HEADER 12
#define WRITE_REPLY 8

#define TIMEOUT_MS 250 /* generous: USB adapters and simulations keep a reply back for a while */
#define TRIES 3

static uint8_t crc8(const uint8_t *data, size_t length) /* x8 + x2 + x + 1, reflected, from 0 */
{
    uint8_t crc = 0;
    while (length--) {
        crc ^= *data++;
        for (int bit = 0; bit < 8; bit++)
            crc = (uint8_t)(crc & 1 ? crc >> 1 ^ 0xE0 : crc >> 1);
    }
    return crc;
}

static uint16_t crc16(const uint8_t *data, size_t length) /* CCITT-FALSE */
{
    uint16_t crc = 0xFFFF;
    while (length--) {
        crc ^= (uint16_t)(*data++ << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

uint32_t racksat_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void racksat_put_word(uint8_t *bytes, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(word >> (24 - 8 * i));
}

/* -- the device */

static int open_serial(const char *device)
{
    int file = open(device, O_RDWR | O_NOCTTY);
    struct termios line;

    if (file < 0)
        return -1;
    if (tcgetattr(file, &line) == 0) {
        cfmakeraw(&line); /* 8 bits, no echo, nothing translated */
        line.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB);
        line.c_cflag |= CLOCAL | CREAD;
        cfsetispeed(&line, B1000000);
        cfsetospeed(&line, B1000000);
        if (tcsetattr(file, TCSANOW, &line) == 0 && tcflush(file, TCIOFLUSH) == 0)
            return file;
    }
    close(file);
    return -1;
}

static int open_tcp(const char *host_port)
{
    char host[256];
    const char *port = strrchr(host_port, ':');
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM};
    int file = -1, yes = 1;

    if (port == NULL || (size_t)(port - host_port) >= sizeof host) {
        errno = EINVAL;
        return -1;
    }
    memcpy(host, host_port, (size_t)(port - host_port));
    host[port - host_port] = '\0';
    if (getaddrinfo(host, port + 1, &hints, &found) != 0) {
        errno = EHOSTUNREACH;
        return -1;
    }
    for (struct addrinfo *at = found; at != NULL && file < 0; at = at->ai_next) {
        file = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (file >= 0 && connect(file, at->ai_addr, at->ai_addrlen) != 0) {
            close(file);
            file = -1;
        }
    }
    freeaddrinfo(found);
    if (file >= 0)
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return file;
}

int racksat_open(struct racksat *link, const char *device)
{
    static const char scheme[] = "socket://";
    int tcp = strncmp(device, scheme, sizeof scheme - 1) == 0;

    memset(link, 0, sizeof *link);
    link->timeout_ms = TIMEOUT_MS;
    link->tries = TRIES;
    link->file = tcp ? open_tcp(device + sizeof scheme - 1) : open_serial(device);
    return link->file < 0 ? RACKSAT_SYSTEM : RACKSAT_OK;
}

void racksat_close(struct racksat *link)
{
    close(link->file);
    link->file = -1;
}

/* -- frames */

static size_t put_escaped(uint8_t *out, uint8_t byte)
{
    if (byte != END && byte != ESC) {
        out[0] = byte;
        return 1;
    }
    out[0] = ESC;
    out[1] = byte == END ? ESC_END : ESC_ESC;
    return 2;
}

static int send_frame(struct racksat *link, const uint8_t *packet, size_t length)
{
    uint8_t bytes[2 * (COMMAND_HEADER + RACKSAT_WRITE_MAX + 3) + 2];
    size_t count = 0, sent = 0;
    uint16_t crc = crc16(packet, length);

    bytes[count++] = END;
    for (size_t i = 0; i < length; i++)
        count += put_escaped(bytes + count, packet[i]);
    count += put_escaped(bytes + count, (uint8_t)(crc >> 8));
    count += put_escaped(bytes + count, (uint8_t)crc);
    bytes[count++] = END;
    while (sent < count) {
        ssize_t written = write(link->file, bytes + sent, count - sent);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return RACKSAT_SYSTEM;
        sent += (size_t)written;
    }
    return RACKSAT_OK;
}

/* Take a received byte. Gives the length of the packet when it ends a good frame, else 0. */
static size_t take_byte(struct racksat *link, uint8_t byte)
{
    size_t length = link->length;
    int good = !link->broken && !link->escaped;

    if (byte == END) {
        link->length = 0;
        link->escaped = link->broken = 0;
        if (length == 0 && good)
            return 0; /* between frames */
        if (good && length > 2 && crc16(link->frame, length) == 0)
            return length - 2;
        link->dropped++;
        return 0;
    }
    if (link->escaped) {
        link->escaped = 0;
        if (byte != ESC_END && byte != ESC_ESC)
            link->broken = 1;
        byte = byte == ESC_END ? END : ESC;
    } else if (byte == ESC) {
        link->escaped = 1;
        return 0;
    }
    if (length == sizeof link->frame)
        link->broken = 1;
    else
        link->frame[link->length++] = byte;
    return 0;
}

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* -- transactions */

/* Whether the packet in link->frame answers this command. */
static int answers(const struct racksat *link, size_t length, const uint8_t *command, size_t wanted)
{
    const uint8_t *reply = link->frame;
    int read = command[2] == READ;
    size_t header = read ? READ_REPLY_HEADER : WRITE_REPLY;
    size_t data;

    if (length < header || crc8(reply, header) != 0)
        return 0;
    if (reply[0] != INITIATOR_ADDRESS || reply[1] != PROTOCOL || reply[4] != TARGET_ADDRESS ||
        reply[2] != (command[2] & ~COMMAND_BIT) || reply[5] != command[5] || reply[6] != command[6])
        return 0; /* also: the late reply to an earlier try */
    if (!read)
        return length == WRITE_REPLY;
    data = racksat_word(reply + 7) & 0xFFFFFF; /* behind the reserved byte */
    return length == header + data + 1 && crc8(reply + header, data + 1) == 0 &&
           data == (reply[3] == 0 ? wanted : 0);
}

/* Wait for the reply; RACKSAT_TIMEOUT when it does not come in time. */
static int await_reply(struct racksat *link, const uint8_t *command, size_t wanted)
{
    long deadline_ms = now_ms() + link->timeout_ms;
    struct pollfd ready = {.fd = link->file, .events = POLLIN};
    uint8_t byte;

    for (;;) {
        long left_ms = deadline_ms - now_ms();
        int polled = poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);
        if (polled == 0)
            return RACKSAT_TIMEOUT;
        if (polled < 0 && errno == EINTR)
            continue;
        if (polled < 0)
            return RACKSAT_SYSTEM;
        /* Byte by byte, so that nothing behind the reply is taken. */
        ssize_t got = read(link->file, &byte, 1);
        if (got <= 0) {
            errno = got == 0 ? EIO : errno; /* the other end is closed */
            return RACKSAT_SYSTEM;
        }
        size_t length = take_byte(link, byte);
        if (length != 0 && answers(link, length, command, wanted))
            return link->frame[3];
    }
}

static int transact(struct racksat *link, uint8_t instruction, uint32_t address,
                    const uint8_t *written, size_t length)
{
    uint8_t command[COMMAND_HEADER + RACKSAT_WRITE_MAX + 1] = {
        TARGET_ADDRESS, PROTOCOL, instruction, FLIGHT_KEY, INITIATOR_ADDRESS};
    size_t count = COMMAND_HEADER;
    int result = RACKSAT_TIMEOUT;

    racksat_put_word(command + 8, address);
    command[12] = (uint8_t)(length >> 16);
    command[13] = (uint8_t)(length >> 8);
    command[14] = (uint8_t)length;
    if (instruction == WRITE) {
        memcpy(command + count, written, length);
        count += length;
        command[count++] = crc8(written, length);
    }
    for (int attempt = 0; attempt < link->tries && result == RACKSAT_TIMEOUT; attempt++) {
        link->retries += attempt > 0;
        link->transaction++;
        command[5] = (uint8_t)(link->transaction >> 8);
        command[6] = (uint8_t)link->transaction;
        command[15] = crc8(command, COMMAND_HEADER - 1);
        result = send_frame(link, command, count);
        if (result == RACKSAT_OK)
            result = await_reply(link, command, length);
    }
    return result;
}

int racksat_read(struct racksat *link, uint32_t address, uint8_t *data, size_t length)
{
    int result;

    if (length == 0 || length > RACKSAT_READ_MAX)
        return RACKSAT_USAGE;
    result = transact(link, READ, address, NULL, length);
    if (result == RACKSAT_OK)
        memcpy(data, link->frame + READ_REPLY_HEADER, length);
    return result;
}

int racksat_write(struct racksat *link, uint32_t address, const uint8_t *data, size_t length)
{
    if (length == 0 || length > RACKSAT_WRITE_MAX)
        return RACKSAT_USAGE;
    return transact(link, WRITE, address, data, length);
}

const char *racksat_text(int result)
{
    switch (result) {
    case RACKSAT_OK: return "success";
    case RACKSAT_SYSTEM: return "the device failed";
    case RACKSAT_TIMEOUT: return "no valid reply";
    case RACKSAT_USAGE: return "impossible length";
    case 2: return "refused: unused packet type or command code";
    case 3: return "refused: invalid key";
    case 4: return "refused: invalid data CRC";
    case 5: return "refused: data shorter than announced";
    case 6: return "refused: data longer than announced";
    case 9: return "refused: more data than can be verified";
    case 10: return "refused: not authorised, no such register or access";
    case 11: return "refused: length of a read-modify-write";
    case 12: return "refused: invalid target address";
    default: return "refused";
    }
}
