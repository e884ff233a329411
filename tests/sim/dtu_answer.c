#include "tests/sim/dtu_parts.h"

#include "shared/base/clock.h"

#include <errno.h>
#include <string.h>

/* The next 64 bits of chance. Lines that are dialled again have theirs by the seed itself. */
static uint64_t take_chance(struct dtu *dtu, enum dtu_chance chance)
{
    uint64_t seed = dtu->world->seed + UINT64_C(0x100000000) * (1 + (uint64_t)chance);
    return waveform_mix(seed, dtu->number, dtu->chances[chance]++);
}

struct parcel_way dtu_way(struct dtu *dtu, enum dtu_chance chance)
{
    const struct dtu_behaviour *behaviour = dtu->behaviour;
    bool by_chance = behaviour->faulty || behaviour->segments != SEGMENTS_WHOLE;
    return (struct parcel_way){
        .family = behaviour->family,
        .number = dtu->number,
        .segments = behaviour->segments,
        .chance = by_chance ? take_chance(dtu, chance) : 0,
    };
}

static void record_answer(struct dtu *dtu)
{
    struct dtu_world *world = dtu->world;
    if (dtu->fault == FAULT_LATE) /* it is recorded already */
        return;
    if (dtu->fault != FAULT_NONE) {
        world->totals.faults++;
        served_fault(world->served, fault_name(dtu->fault), dtu->id, &dtu->moment, &dtu->answer);
        return;
    }
    world->totals.answers += dtu->answer.kind == SLAVE_REGISTERS;
    world->totals.exceptions += dtu->answer.kind == SLAVE_EXCEPTION;
    served_answer(world->served, dtu->id, &dtu->moment, &dtu->answer);
}

/* The kernel took all of the parcel. */
static void record(struct dtu *dtu)
{
    const struct parcel *out = &dtu->line.out;
    if (out->heartbeats > 0) {
        dtu->world->totals.heartbeats += out->heartbeats;
        dtu->ack_missing = dtu->behaviour->family->beats_acknowledged;
        for (unsigned i = 0; i < out->heartbeats && dtu->world->served != NULL; i++)
            served_heartbeat(dtu->world->served, dtu->id, clock_wall_ms());
    }
    if (out->answer)
        record_answer(dtu);
}

bool dtu_record_cut(struct dtu *dtu)
{
    bool cut = line_busy(&dtu->line) && dtu->line.out.answer;
    if (cut)
        record_answer(dtu);
    return cut;
}

int dtu_push(struct dtu *dtu)
{
    int sent = line_push(&dtu->line);
    if (sent < 0)
        return dtu_lost(dtu, strerror(errno));
    if (sent > 0) {
        record(dtu);
        line_sent(&dtu->line);
    }
    return 0;
}

static int send_answer(struct dtu *dtu)
{
    struct parcel_way way = dtu_way(dtu, DTU_FOR_ANSWERS);
    const struct parcel_answer answer = {
        .frame = dtu->answer.frame,
        .len = dtu->answer.len,
        .transaction = dtu->answer_transaction,
        .fault = dtu->fault,
    };
    parcel_answer(&way, &answer, &dtu->line.out);
    return dtu_push(dtu);
}

int dtu_answer_late(struct dtu *dtu)
{
    dtu->late_waits = dtu->late_due = false;
    event_del(&dtu->late);
    return send_answer(dtu);
}

static enum fault_kind choose_fault(struct dtu *dtu)
{
    if (!dtu->behaviour->faulty)
        return FAULT_NONE;
    enum fault_kind kind = fault_choose(&dtu->behaviour->faults, take_chance(dtu, DTU_FOR_ANSWERS));
    return parcel_can(dtu->behaviour->family, kind) ? kind : FAULT_NONE;
}

/* Half of the late answers come after their time, or before the answer to the next query where that
 * comes earlier; the other half always wait for the next query. */
static void be_late(struct dtu *dtu)
{
    dtu->late_waits = true;
    if ((take_chance(dtu, DTU_FOR_ANSWERS) & 1) != 0)
        dtu_start_timer(dtu, &dtu->late, dtu->behaviour->late_ms);
}

/* What is not sent now is recorded now: it is no answer, whatever comes of it. */
static int withhold(struct dtu *dtu)
{
    dtu->world->totals.faults++;
    served_fault(dtu->world->served, fault_name(dtu->fault), dtu->id, &dtu->moment, &dtu->answer);
    if (dtu->fault == FAULT_HALF_OPEN)
        return dtu_go_dark(dtu);
    if (dtu->fault == FAULT_LATE)
        be_late(dtu);
    return 0;
}

static void serve(struct dtu *dtu)
{
    struct dtu_world *world = dtu->world;
    dtu->moment = (struct waveform_moment){
        .seed = world->seed,
        .wall_ms = clock_wall_ms(),
        .poll = dtu->poll + 1,
        .device = dtu->number,
        .slave = dtu->query_len > 0 ? units_before(world->units, dtu->query[0]) : 0,
    };
    const struct slave_query query = {
        .bytes = dtu->query,
        .len = dtu->query_len,
        .moment = &dtu->moment,
        .memory = &dtu->memory,
    };
    slave_serve(world->slave, &query, &dtu->answer);
    dtu->answer_transaction = dtu->transaction;
    if (dtu->answer.kind == SLAVE_REGISTERS) {
        dtu->poll++;
    } else if (dtu->answer.kind == SLAVE_WRITTEN) {
        world->totals.writes++;
        served_write(world->served, dtu->id, dtu->moment.wall_ms, &dtu->answer);
    }
}

int dtu_answer(struct dtu *dtu)
{
    dtu->query_waits = false;
    if (dtu->late_waits) {
        if (dtu_answer_late(dtu) < 0)
            return -1;
        if (line_busy(&dtu->line)) {
            dtu->query_waits = true;
            return 0;
        }
    }
    serve(dtu);
    if (dtu->answer.kind == SLAVE_SILENT)
        return 0;
    dtu->fault = choose_fault(dtu);
    if (dtu->fault == FAULT_SILENCE || dtu->fault == FAULT_LATE || dtu->fault == FAULT_HALF_OPEN)
        return withhold(dtu);
    return send_answer(dtu);
}
