#include "tests/sim/served.h"

#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_SIZE = 256 * 1024,
    ANSWER_HEAD = 3, /* of a frame, before the registers */
};

struct served {
    FILE *out;
    const struct profile *profile;
    bool *coils; /* one a point of the profile: it is none of registers */
    int error;   /* errno of the first lost write */
};

struct served *served_open(const char *path, const struct profile *profile)
{
    int to_stdout = strcmp(path, "-") == 0;
    struct served *served = xcalloc(1, sizeof(*served));
    served->profile = profile;
    served->out = to_stdout ? stdout : fopen(path, "we");
    if (served->out == NULL) {
        free(served);
        return NULL;
    }
    served->coils = slave_coil_points(profile);
    setvbuf(served->out, NULL, _IOFBF, BUFFER_SIZE);
    return served;
}

static void put_point(FILE *out, const struct point_def *point, const uint8_t *bytes)
{
    struct reg_value value;
    reg_decode(&point->type, bytes, &value);
    fprintf(out, "\t%s=", point->name);
    if (value.has_number)
        fprintf(out, "%.17g", reg_scale(value.number, point->scale, point->offset));
    else
        fputc('-', out);
    if (value.has_raw)
        fprintf(out, "/%" PRIu64, value.raw);
    else
        fputs("/-", out);
}

static void put_hex(FILE *out, const uint8_t *bytes, size_t size)
{
    char hex[2 * ADU_MAX + 1];
    fprintf(out, "\t%s", text_hex(bytes, size, hex));
}

static void put_points(const struct served *served, const struct adu_request *request,
                       const uint8_t *registers)
{
    const struct profile *profile = served->profile;
    uint32_t end = (uint32_t)request->start + request->count;
    for (size_t i = slave_first_point(profile, request->start); i < profile->npoints; i++) {
        const struct point_def *point = &profile->points[i];
        if (point->address >= end)
            break;
        if (point->address + point->type.size / 2U <= end && !served->coils[i] &&
            slave_reads_point(point, request))
            put_point(served->out, point, registers + 2 * (point->address - request->start));
    }
}

static bool same(const struct adu_request *a, const struct adu_request *b)
{
    return a->unit == b->unit && a->function == b->function && a->start == b->start &&
           a->count == b->count;
}

/* Points of coils, of the task that asked. */
static void put_coil_points(const struct served *served, const struct adu_request *request,
                            const uint8_t *bits)
{
    for (size_t i = 0; i < served->profile->ntasks; i++) {
        const struct query_task *task = &served->profile->tasks[i];
        if (!same(&task->request, request))
            continue;
        for (size_t j = 0; j < task->npoints; j++)
            put_point(served->out, task->points[j].point, bits + task->points[j].offset);
        break;
    }
}

static void put_data(const struct served *served, const struct slave_answer *answer)
{
    const struct adu_request *request = &answer->request;
    const uint8_t *data = answer->frame + ANSWER_HEAD;
    put_hex(served->out, data, adu_read_data_size(request));
    if (request->function <= FC_READ_DISCRETE_INPUTS)
        put_coil_points(served, request, data);
    else
        put_points(served, request, data);
}

static void put_request(FILE *out, const struct adu_request *request)
{
    fprintf(out, "\t%u\t%u\t%u\t%u", request->unit, request->function, request->start,
            request->count);
}

void served_answer(struct served *served, const char *device, const struct waveform_moment *moment,
                   const struct slave_answer *answer)
{
    if (served == NULL)
        return;
    FILE *out = served->out;
    if (answer->kind == SLAVE_REGISTERS) {
        fprintf(out, "answer\t%" PRId64 "\t%s\t%" PRIu64, moment->wall_ms, device, moment->poll);
        put_request(out, &answer->request);
        put_data(served, answer);
        fputc('\n', out);
    } else if (answer->kind == SLAVE_EXCEPTION) {
        fprintf(out, "exception\t%" PRId64 "\t%s", moment->wall_ms, device);
        put_request(out, &answer->request);
        fprintf(out, "\t%u\n", answer->code);
    }
}

void served_fault(struct served *served, const char *kind, const char *device,
                  const struct waveform_moment *moment, const struct slave_answer *answer)
{
    if (served == NULL)
        return;
    FILE *out = served->out;
    fprintf(out, "fault\t%s\t%" PRId64 "\t%s\t%" PRIu64, kind, moment->wall_ms, device,
            moment->poll);
    put_request(out, &answer->request);
    if (answer->kind == SLAVE_REGISTERS)
        put_data(served, answer);
    else
        fputs("\t-", out);
    fputc('\n', out);
}

void served_write(struct served *served, const char *device, int64_t wall_ms,
                  const struct slave_answer *answer)
{
    if (served == NULL)
        return;
    fprintf(served->out, "write\t%" PRId64 "\t%s", wall_ms, device);
    put_request(served->out, &answer->request);
    put_hex(served->out, answer->written, answer->written_size);
    fputc('\n', served->out);
}

void served_heartbeat(struct served *served, const char *device, int64_t wall_ms)
{
    if (served != NULL)
        fprintf(served->out, "heartbeat\t%" PRId64 "\t%s\n", wall_ms, device);
}

void served_lost(struct served *served, const char *device, int64_t wall_ms)
{
    if (served != NULL)
        fprintf(served->out, "lost\t%" PRId64 "\t%s\n", wall_ms, device);
}

int served_flush(struct served *served)
{
    if (served == NULL)
        return 0;
    errno = EIO;
    if ((fflush(served->out) != 0 || ferror(served->out)) && served->error == 0)
        served->error = errno;
    errno = served->error;
    return served->error == 0 ? 0 : -1;
}

int served_close(struct served *served)
{
    if (served == NULL)
        return 0;
    int result = served_flush(served), error = served->error;
    if (served->out != stdout && fclose(served->out) != 0 && result == 0) {
        result = -1;
        error = errno;
    }
    free(served->coils);
    free(served);
    errno = error;
    return result;
}
