/*
 * Which points can be written, and by which function: coils and holding registers, whole.
 */
#include "shared/config/data_draft.h"

static uint8_t standard_function(const struct draft_point *point)
{
    if (point->read_function == FC_READ_COILS)
        return point->bit_count > 1 ? FC_WRITE_COILS : FC_WRITE_COIL;
    return point->reg.size == 2 ? FC_WRITE_REGISTER : FC_WRITE_REGISTERS;
}

static bool can_write(const struct draft_point *point, uint8_t function)
{
    if (point->read_function == FC_READ_COILS)
        return function == FC_WRITE_COILS || (function == FC_WRITE_COIL && point->bit_count <= 1);
    return function == FC_WRITE_REGISTERS ||
           (function == FC_WRITE_REGISTER && point->reg.size == 2);
}

static int check_kind(const struct data_draft *draft, struct draft_point *point)
{
    const char *label = POINT_KEY(point, POINT_WRITABLE), *problem = NULL;
    if (point->read_function == FC_READ_DISCRETE_INPUTS)
        problem = "discrete inputs (function 2) cannot be written: read it as a coil with function "
                  "1 where the device has it so, or leave writable out";
    else if (point->read_function == FC_READ_INPUT_REGISTERS)
        problem = "input registers (function 4) cannot be written: read it with function 3 where "
                  "the device has it so, or leave writable out";
    else if (point->read_function == FC_READ_HOLDING_REGISTERS && point->type == TYPE_BITS)
        problem = "single bits of a register cannot be written without the others: add a point of "
                  "the whole register (type: uint16), and make that writable";
    else if (point->type == TYPE_STRING)
        problem = "a text cannot be written: leave writable out";
    if (problem == NULL)
        return 0;
    data_point_fault(draft, point, POINT_WRITABLE, "%s: %s", label, problem);
    return -1;
}

void data_write_resolve(const struct data_draft *draft, struct draft_point *point)
{
    if (!point->writable || check_kind(draft, point) < 0)
        return;
    point->write_function = standard_function(point);
    if (point->lines[POINT_WRITE_FUNCTION] == 0)
        return;
    uint8_t function = data_write_functions[point->write_choice];
    if (can_write(point, function))
        point->write_function = function;
    else
        data_point_fault(draft, point, POINT_WRITE_FUNCTION,
                         "%s: function %u cannot write %s: leave it out, and it is %u",
                         POINT_KEY(point, POINT_WRITE_FUNCTION), function,
                         point->read_function != FC_READ_COILS
                             ? (point->reg.size == 2 ? "a register" : "several registers")
                             : (point->bit_count > 1 ? "several coils" : "a coil"),
                         point->write_function);
}
