/*
 * Modbus slaves on libmodbus, which shares no line with dtuhub: what the tests hold the collector
 * against.
 *
 *   modbus_slave rtu PTY UNIT[,UNIT...]   an RS485 bus with these slaves, on a serial port
 *   modbus_slave tcp PORT                 Modbus TCP on 127.0.0.1, any unit, one connection after
 *                                         another
 *
 * Addresses 0 to 99 of all four kinds are measured values: the n-th request that a unit is asked
 * finds n in each even register, and in the odd one behind it unit << 8 | address / 2, plus 64 in
 * an input register. So two registers as one number are like no other two, whatever the unit, the
 * address and the time. Bits 0 to 7 are the lowest of n, bits 8 to 15 those of the unit. Registers
 * and coils from 100 to 299 keep what is written; registers begin as their addresses, coils as 0.
 * Any other address is refused.
 *
 * Each request is one line on stdout: "read" or "write", unit, function, address, count, and the
 * values in hexadecimal (bits as single digits) or "refused". A read's line comes before its answer
 * goes out; a write's comes behind it, and says what the memory holds by then. The first line is
 * "ready". SIGTERM ends the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum {
    BAUD = 9600,
    MEASURED = 100, /* addresses from 0 */
    ADDRESSES = 300,
    UNITS = 256,
    BYTE_TIMEOUT = 5, /* s; a slow machine is no broken line */
    LINE_SIZE = 8192,
};

/* One slave's memory. */
struct memory {
    modbus_mapping_t *map; /* NULL: not asked yet */
    unsigned asked;
};

struct bus_slave {
    int unit;
    modbus_t *context;
    int bus; /* the bus's end of the line between them */
    struct memory memory;
};

struct asked {
    int unit, function, start, count;
};

static void fail(const char *what)
{
    fprintf(stderr, "modbus_slave: %s: %s\n", what, modbus_strerror(errno));
    exit(1);
}

static void put(int fd, const void *bytes, size_t len)
{
    if (write(fd, bytes, len) != (ssize_t)len)
        fail("write");
}

/* Memory */

static void open_memory(struct memory *memory)
{
    memory->map = modbus_mapping_new(ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES);
    if (memory->map == NULL)
        fail("memory");
    for (int i = MEASURED; i < ADDRESSES; i++)
        memory->map->tab_registers[i] = memory->map->tab_input_registers[i] = (uint16_t)i;
}

static void measure_registers(uint16_t *registers, int mark, unsigned n)
{
    for (int i = 0; i < MEASURED; i += 2) {
        registers[i] = (uint16_t)n;
        registers[i + 1] = (uint16_t)(mark | i / 2);
    }
}

static void measure_bits(uint8_t *bits, int unit, unsigned n)
{
    for (int i = 0; i < 8; i++) {
        bits[i] = n >> i & 1;
        bits[8 + i] = unit >> i & 1;
    }
}

static void measure(struct memory *memory, int unit)
{
    modbus_mapping_t *map = memory->map;
    unsigned n = ++memory->asked;
    measure_registers(map->tab_registers, unit << 8, n);
    measure_registers(map->tab_input_registers, unit << 8 | 64, n);
    measure_bits(map->tab_bits, unit, n);
    measure_bits(map->tab_input_bits, unit, n);
}

/* The record */

static int word(const uint8_t *bytes)
{
    return bytes[0] << 8 | bytes[1];
}

/* ${pdu}: the function and what follows it. */
static struct asked parse(int unit, const uint8_t *pdu)
{
    struct asked asked = {unit, pdu[0], word(pdu + 1), 1};
    if (pdu[0] != MODBUS_FC_WRITE_SINGLE_COIL && pdu[0] != MODBUS_FC_WRITE_SINGLE_REGISTER)
        asked.count = word(pdu + 3);
    return asked;
}

static bool is_write(const struct asked *asked)
{
    return asked->function > MODBUS_FC_READ_INPUT_REGISTERS;
}

static int print_value(const struct asked *asked, const modbus_mapping_t *map, int at, char *out,
                       size_t size)
{
    switch (asked->function) {
    case MODBUS_FC_READ_DISCRETE_INPUTS:
        return snprintf(out, size, "%d", map->tab_input_bits[at]);
    case MODBUS_FC_READ_COILS:
    case MODBUS_FC_WRITE_SINGLE_COIL:
    case MODBUS_FC_WRITE_MULTIPLE_COILS:
        return snprintf(out, size, "%d", map->tab_bits[at]);
    case MODBUS_FC_READ_INPUT_REGISTERS:
        return snprintf(out, size, "%04x", (unsigned)map->tab_input_registers[at]);
    default:
        return snprintf(out, size, "%04x", (unsigned)map->tab_registers[at]);
    }
}

static void record(const struct asked *asked, const modbus_mapping_t *map)
{
    char line[LINE_SIZE];
    int end = asked->start + asked->count;
    int len = snprintf(line, sizeof(line), "%s %d %d %d %d ", is_write(asked) ? "write" : "read",
                       asked->unit, asked->function, asked->start, asked->count);
    for (int i = asked->start; i < end && end <= ADDRESSES; i++)
        len += print_value(asked, map, i, line + len, sizeof(line) - (size_t)len);
    if (end > ADDRESSES)
        len += snprintf(line + len, sizeof(line) - (size_t)len, "refused");
    line[len++] = '\n';
    put(STDOUT_FILENO, line, (size_t)len);
}

/* Answer one request, whose unit stands in front of its function in either form of Modbus. */
static void serve(modbus_t *context, struct memory *memory, const uint8_t *request, int len)
{
    const uint8_t *pdu = request + modbus_get_header_length(context);
    struct asked asked = parse(pdu[-1], pdu);
    if (memory->map == NULL)
        open_memory(memory);
    measure(memory, asked.unit);
    if (!is_write(&asked))
        record(&asked, memory->map);
    if (modbus_reply(context, request, len, memory->map) < 0)
        fprintf(stderr, "modbus_slave: reply: %s\n", modbus_strerror(errno));
    if (is_write(&asked))
        record(&asked, memory->map);
}

/* RTU: each slave is a libmodbus of its own on a line of its own to the bus, and hears what is
 * asked of it alone: a libmodbus that hears a request to somebody else takes the next bytes for
 * that one's answer, which never comes where nobody is there. */

static void *run_bus_slave(void *cookie)
{
    struct bus_slave *slave = cookie;
    uint8_t request[MODBUS_RTU_MAX_ADU_LENGTH];
    for (;;) {
        int len = modbus_receive(slave->context, request);
        if (len > 0)
            serve(slave->context, &slave->memory, request, len);
        else if (len < 0)
            fprintf(stderr, "modbus_slave: receive: %s\n", modbus_strerror(errno));
    }
    return NULL;
}

static void start_bus_slave(struct bus_slave *slave, const char *unit)
{
    int line[2];
    pthread_t thread;
    slave->unit = atoi(unit);
    slave->context = modbus_new_rtu("bus", BAUD, 'N', 8, 1);
    if (slave->context == NULL || modbus_set_slave(slave->context, slave->unit) != 0)
        fail(unit);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, line) != 0)
        fail("socketpair");
    slave->bus = line[0];
    modbus_set_socket(slave->context, line[1]);
    modbus_set_byte_timeout(slave->context, BYTE_TIMEOUT, 0);
    if (pthread_create(&thread, NULL, run_bus_slave, slave) != 0)
        fail("thread");
}

static int open_serial(const char *path)
{
    struct termios raw;
    int fd = open(path, O_RDWR | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &raw) != 0)
        fail(path);
    cfmakeraw(&raw);
    cfsetspeed(&raw, B9600);
    if (tcsetattr(fd, TCSANOW, &raw) != 0)
        fail(path);
    return fd;
}

/* The size of the request whose first ${len} bytes are there; 0: not known yet. */
static size_t request_size(const uint8_t *bytes, size_t len)
{
    if (len < 7)
        return 0;
    return bytes[1] == MODBUS_FC_WRITE_MULTIPLE_COILS ||
                   bytes[1] == MODBUS_FC_WRITE_MULTIPLE_REGISTERS
               ? 9U + bytes[6]
               : 8;
}

/* Give each whole request to whom it is for; return how many bytes are left. */
static size_t route(uint8_t *bytes, size_t len, const struct bus_slave *slaves, size_t n)
{
    size_t size;
    while ((size = request_size(bytes, len)) > 0 && len >= size) {
        for (size_t i = 0; i < n; i++) {
            if (slaves[i].unit == bytes[0])
                put(slaves[i].bus, bytes, size);
        }
        len -= size;
        memmove(bytes, bytes + size, len);
    }
    return len;
}

static size_t take(int fd, uint8_t *bytes, size_t size)
{
    ssize_t len = read(fd, bytes, size);
    if (len <= 0)
        exit(0); /* the line is gone */
    return (size_t)len;
}

static void run_bus(int serial, const struct bus_slave *slaves, size_t n)
{
    struct pollfd fds[UNITS + 1] = {{.fd = serial, .events = POLLIN}};
    uint8_t asked[1024], answer[1024];
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        fds[1 + i] = (struct pollfd){.fd = slaves[i].bus, .events = POLLIN};
    for (;;) {
        int ready = poll(fds, n + 1, 1000 * BYTE_TIMEOUT);
        if (ready < 0)
            fail("poll");
        if (ready == 0)
            len = 0; /* half a request, and then silence */
        if (fds[0].revents != 0)
            len = route(asked, len + take(serial, asked + len, sizeof(asked) - len), slaves, n);
        for (size_t i = 1; i <= n; i++) {
            if (fds[i].revents != 0)
                put(serial, answer, take(fds[i].fd, answer, sizeof(answer)));
        }
    }
}

static void serve_rtu(const char *path, char *units)
{
    static struct bus_slave slaves[UNITS];
    size_t n = 0;
    int serial = open_serial(path);
    for (char *unit = strtok(units, ","); unit != NULL && n < UNITS; unit = strtok(NULL, ","))
        start_bus_slave(&slaves[n++], unit);
    put(STDOUT_FILENO, "ready\n", 6);
    run_bus(serial, slaves, n);
}

/* TCP */

static void serve_tcp(int port)
{
    static struct memory memories[UNITS];
    uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_t *context = modbus_new_tcp("127.0.0.1", port);
    int listener = context != NULL ? modbus_tcp_listen(context, 16) : -1;
    if (listener < 0)
        fail("listen");
    modbus_set_byte_timeout(context, BYTE_TIMEOUT, 0);
    put(STDOUT_FILENO, "ready\n", 6);
    while (modbus_tcp_accept(context, &listener) >= 0) {
        int len;
        while ((len = modbus_receive(context, request)) >= 0) {
            if (len > 0)
                serve(context, &memories[request[modbus_get_header_length(context) - 1]], request,
                      len);
        }
        modbus_close(context);
    }
    fail("accept");
}

static void on_term(int number)
{
    (void)number;
    _exit(0);
}

int main(int argc, char **argv)
{
    signal(SIGTERM, on_term);
    signal(SIGPIPE, SIG_IGN);
    if (argc == 4 && strcmp(argv[1], "rtu") == 0)
        serve_rtu(argv[2], argv[3]);
    else if (argc == 3 && strcmp(argv[1], "tcp") == 0)
        serve_tcp(atoi(argv[2]));
    fprintf(stderr, "usage: modbus_slave rtu PTY UNIT[,UNIT...] | tcp PORT\n");
    return 2;
}
