/*
 * The life of one simulated DTU: dial (or be dialled), register, beat, answer, dial again after a
 * lost line.
 *
 * It answers one query at a time, in order, and reads no further while an answer waits, as the
 * serial bus behind a real one makes it do; but an answer that is late by --faults is left behind.
 * Everything here belongs to the thread of the event loop.
 */
#ifndef DTUHUB_SIM_DTU_H
#define DTUHUB_SIM_DTU_H

#include "tests/sim/line.h"
#include "tests/sim/served.h"
#include "tests/sim/slave.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/** How a DTU behaves. One constant table serves all DTUs of a kind. */
struct dtu_behaviour {
    const struct family *family;
    int64_t heartbeat_ms;
    int64_t latency_ms;      /* between a query and its answer */
    int64_t reconnect_ms;    /* first pause after a lost line, see dtu_backoff_ms(); 0: a lost line
                                stays lost */
    int64_t registration_ms; /* deadline of the connection and its acknowledgement */
    int64_t restart_ms;      /* families that restart: after the server said nothing so long; 0:
                                never */
    int64_t late_ms;         /* FAULT_LATE: so much later */
    enum segments segments;
    bool faulty; /* by ${faults} */
    struct fault_mix faults;
};

struct dtu_totals {
    uint64_t answers, exceptions;
    uint64_t heartbeats, unacknowledged; /* sent; no acknowledgement when the next was due */
    uint64_t lost, reconnects;           /* lines lost; registered again after that */
    uint64_t writes, faults, noise;      /* noise: bytes of the server that meant nothing */
    size_t online;                       /* registered now */
    size_t open;                         /* sockets now */
};

/** What all DTUs of one process share. */
struct dtu_world {
    struct event_base *base;
    struct slave *slave;
    const struct units *units; /* behind each DTU */
    struct served *served;     /* may be NULL */
    uint64_t seed;
    struct sockaddr_storage server; /* where to dial, or to listen */
    socklen_t server_len;
    struct dtu_totals totals;
    struct line_orphans orphans;
    bool failed;                   /* a port could not be listened on (logged) */
    void (*changed)(void *cookie); /* totals.online, totals.open or failed did */
    void *cookie;
};

enum dtu_state {
    DTU_DOWN, /* no line; dials again when its timer ends */
    DTU_CONNECTING,
    DTU_REGISTERING, /* the id is sent, its answer has not come */
    DTU_ONLINE,
    DTU_CLOSING, /* said goodbye, waits until the server closes too */
};

/** What chance is for: what goes wrong with answers must not depend on how many heartbeats there
 * were. */
enum dtu_chance { DTU_FOR_ANSWERS, DTU_FOR_OTHERS, DTU_CHANCES };

struct dtu {
    struct dtu_world *world;
    const struct dtu_behaviour *behaviour;
    const struct sockaddr_storage *source; /* address to dial from, or NULL */
    uint32_t number;
    char id[FAMILY_ID_SIZE]; /* the number in the form of the family */
    uint16_t listen_port;    /* 0: it dials; else it waits there to be dialled */
    int listener;            /* socket, -1: none */
    enum dtu_state state;
    unsigned failures;             /* lines lost since it was registered last */
    uint64_t poll;                 /* answers of registers so far */
    uint64_t chances[DTU_CHANCES]; /* numbers of chance taken so far */
    bool was_registered;
    bool heartbeat_due;    /* behind bytes that are still to be sent */
    bool ack_missing;      /* of the last heartbeat */
    bool query_waits;      /* for the latency to pass, or for bytes to be sent */
    bool late_waits;       /* ${answer} is late: for its time, or for the next query */
    bool late_due;         /* its time came behind bytes that are still to be sent */
    enum fault_kind fault; /* of ${answer} */
    uint16_t in_len;
    struct line line;
    struct event accept, heartbeat;
    struct event late, quiet;      /* ${late_ms}, ${restart_ms} */
    struct event timer;            /* by state: dial again, deadline, latency */
    struct waveform_moment moment; /* of the answer that is being sent */
    struct slave_answer answer;
    struct memory memory;
    uint16_t transaction, answer_transaction;
    uint16_t query_len;
    uint8_t query[ADU_MAX];
    uint8_t in[2 * FAMILY_QUERY_MAX];
};

/** dtu_init(dtu, world, behaviour, number): a DTU that does nothing yet. ${dtu} must stay where it
 * is. */
void dtu_init(struct dtu *dtu, struct dtu_world *world, const struct dtu_behaviour *behaviour,
              uint32_t number);

/** dtu_start(dtu): dial now, or listen. */
void dtu_start(struct dtu *dtu);

/** dtu_drop(dtu): a storm: drop the line, if there is one, and dial again at once. */
void dtu_drop(struct dtu *dtu);

/** dtu_finish(dtu): no more answers; close the line in good order, keep reading until the server
 * closed it. */
void dtu_finish(struct dtu *dtu);

/** dtu_stop(dtu): close at once and forget all timers. It may be started again. */
void dtu_stop(struct dtu *dtu);

/** dtu_clear(dtu): the same for ever: free what it holds. */
void dtu_clear(struct dtu *dtu);

/**
 * dtu_backoff_ms(first_ms, failures, chance): the pause after the ${failures}-th lost line in a row
 * (from 1): doubled each time up to 32 times ${first_ms}, give or take a quarter by ${chance}.
 * Pure.
 */
int64_t dtu_backoff_ms(int64_t first_ms, unsigned failures, uint64_t chance);

#endif
