/*
 * A point table from hostile bytes: the cells alone, and the whole table. Whatever it is, cells are
 * texts of a bounded number, and points without a fault are such that a collector can read.
 */
#include "shared/config/csv_table.h"
#include "shared/config/csv_text.h"
#include "shared/config/point_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void feed_cells(const uint8_t *data, size_t len)
{
    struct csv_text text = csv_text_read(data, len);
    require((text.text == NULL) == (text.problem != NULL));
    if (text.text == NULL)
        return;
    require(strlen(text.text) == text.len);
    struct csv_table *table = csv_table_open(text.text, text.len);
    struct csv_row row;
    unsigned line = 0;
    int got;
    while ((got = csv_table_next(table, &row)) == 1) {
        size_t bytes = 0;
        require(row.line > line && row.ncells >= 1 && row.ncells <= CSV_CELLS_MAX);
        line = row.line;
        for (size_t i = 0; i < row.ncells; i++) {
            require(row.lines[i] >= row.line);
            bytes += strlen(row.cells[i]);
        }
        require(bytes >= 1 && bytes <= text.len);
    }
    if (got < 0)
        require(row.line >= 1 && csv_table_problem(table) != NULL);
    require(csv_table_next(table, &row) == 0);
    csv_table_close(table);
    free(text.text);
}

static void check_point(const struct draft_point *point)
{
    require(point->address <= 65535 && point->address + point->reg.size / 2u <= 65536);
    require(strlen(point->name) >= 1 && strlen(point->name) <= POINT_NAME_MAX);
    require(strlen(point->unit) <= POINT_UNIT_MAX);
    require(point->reg.size >= 2 && point->reg.size <= REG_STRING_MAX && point->reg.size % 2 == 0);
    require(point->reg.bit_first + point->reg.bit_count <= 8 * point->reg.size);
    require(point->slave <= SLAVE_MAX && point->function <= 4);
    require(isfinite(point->scale) && point->scale != 0 && isfinite(point->offset));
    require(point->interval_ms == 0 || point->interval_ms >= 100);
    require(point->deadband >= 0 && point->max_interval_ms >= 0);
    require(point->write_choice >= 0 && point->write_choice < 4);
}

static void feed_table(const uint8_t *data, size_t len)
{
    struct faults faults = {0};
    struct point_table *table = point_table_parse("fuzz.csv", data, len, &faults);
    for (size_t i = 0; i < faults.count; i++) {
        require(strcmp(faults.items[i].file, "fuzz.csv") == 0);
        require(faults.items[i].message[0] != '\0');
        require(strchr(faults.items[i].message, '\n') == NULL);
    }
    for (size_t i = 0; i < table->npoints; i++) {
        if (table->points[i].faulty)
            require(faults.count > 0);
        else
            check_point(&table->points[i]);
    }
    faults_clear(&faults);
    point_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    feed_cells(data, len);
    feed_table(data, len);
    return 0;
}
