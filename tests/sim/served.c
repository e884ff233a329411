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
    int error; /* errno of the first lost write */
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

static void put_registers(const struct served *served, const struct slave_answer *answer)
{
    const struct adu_request *request = &answer->request;
    const uint8_t *registers = answer->frame + ANSWER_HEAD;
    char hex[4 * ADU_MAX_REGISTERS + 1];
    fprintf(served->out, "\t%s", text_hex(registers, adu_read_data_size(request), hex));

    const struct profile *profile = served->profile;
    uint32_t end = (uint32_t)request->start + request->count;
    for (size_t i = slave_first_point(profile, request->start); i < profile->npoints; i++) {
        const struct point_def *point = &profile->points[i];
        if (point->address >= end)
            break;
        if (point->address + point->type.size / 2U <= end)
            put_point(served->out, point, registers + 2 * (point->address - request->start));
    }
}

void served_answer(struct served *served, const struct waveform_moment *moment,
                   const struct slave_answer *answer)
{
    if (served == NULL)
        return;
    int whole = answer->kind == SLAVE_REGISTERS;
    fprintf(served->out, "%s\t%" PRId64 "\t%" PRIu32, whole ? "answer" : "exception",
            moment->wall_ms, moment->device);
    if (whole)
        fprintf(served->out, "\t%" PRIu64, moment->poll);
    fprintf(served->out, "\t%u\t%u\t%u\t%u", answer->request.unit, answer->request.function,
            answer->request.start, answer->request.count);
    if (whole)
        put_registers(served, answer);
    else
        fprintf(served->out, "\t%u", answer->code);
    fputc('\n', served->out);
}

void served_heartbeat(struct served *served, int64_t wall_ms, uint32_t device)
{
    if (served != NULL)
        fprintf(served->out, "heartbeat\t%" PRId64 "\t%" PRIu32 "\n", wall_ms, device);
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
    free(served);
    errno = error;
    return result;
}
