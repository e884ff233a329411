#include "shared/config/point_table.h"

#include "shared/base/alloc.h"
#include "shared/config/csv_table.h"
#include "shared/config/csv_text.h"
#include "shared/config/point_columns.h"
#include "shared/config/point_types.h"
#include "shared/config/quote.h"
#include "shared/config/setting_value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct table_reader {
    struct point_table *table;
    struct data_draft draft;    /* the file and its faults, for the checks that YAML has too */
    int columns[CSV_CELLS_MAX]; /* what each cell of a row is; -1: nothing, its title is empty */
    bool titled[CSV_CELLS_MAX];
    size_t ncolumns;
    unsigned header_line;
};

/* "C", as spreadsheets call the third column. */
struct letters {
    char text[4];
};

static struct letters letters_of(size_t number)
{
    if (number <= 26)
        return (struct letters){{(char)('A' + number - 1)}};
    return (struct letters){{(char)('A' + (number - 1) / 26 - 1), (char)('A' + (number - 1) % 26)}};
}

static void report_title(struct table_reader *reader, unsigned line, size_t number,
                         const char *title)
{
    const char *nearest = point_column_nearest(title);
    if (nearest != NULL)
        faults_add(reader->draft.faults, reader->draft.file, line,
                   "column %zu (%s): unknown title %s: did you mean \"%s\"?", number,
                   letters_of(number).text, QUOTE(title), nearest);
    else
        faults_add(reader->draft.faults, reader->draft.file, line,
                   "column %zu (%s): unknown title %s: the columns are called as the keys of "
                   "data_points (address, name, type, ...); one for people is called remark",
                   number, letters_of(number).text, QUOTE(title));
}

static void note_column(struct table_reader *reader, int column, size_t number, const char *title)
{
    struct point_columns *columns = &reader->table->columns;
    int keys[] = {column, -1};
    if (column == COLUMN_REGISTER) { /* it says both */
        keys[0] = POINT_ADDRESS;
        keys[1] = POINT_FUNCTION;
    }
    for (size_t i = 0; i < 2; i++) {
        if (keys[i] < 0 || keys[i] >= POINT_KEYS || columns->number[keys[i]] > 0)
            continue;
        columns->number[keys[i]] = (unsigned)number;
        columns->title[keys[i]] = xstrdup(QUOTE(title));
        size_t len = strlen(columns->title[keys[i]]);
        memmove(columns->title[keys[i]], columns->title[keys[i]] + 1, len); /* without quotes */
        columns->title[keys[i]][len - 2] = '\0';
    }
}

static void read_header(struct table_reader *reader, const struct csv_row *row)
{
    size_t seen[COLUMNS] = {0};
    reader->ncolumns = row->ncells;
    reader->header_line = row->line;
    for (size_t i = 0; i < row->ncells; i++) {
        reader->columns[i] = -1;
        reader->titled[i] = row->cells[i][0] != '\0';
        if (!reader->titled[i])
            continue;
        int column = point_column_find(row->cells[i]);
        if (column < 0) {
            report_title(reader, row->lines[i], i + 1, row->cells[i]);
        } else if (seen[column] > 0 && column != COLUMN_REMARK) {
            faults_add(reader->draft.faults, reader->draft.file, row->lines[i],
                       "column %zu (%s): %s is column %zu already: leave one of them", i + 1,
                       letters_of(i + 1).text, QUOTE(row->cells[i]), seen[column]);
        } else {
            seen[column] = i + 1;
            reader->columns[i] = column;
            note_column(reader, column, i + 1, row->cells[i]);
        }
    }
    if (seen[POINT_ADDRESS] == 0 && seen[COLUMN_REGISTER] == 0)
        faults_add(reader->draft.faults, reader->draft.file, row->line,
                   "no column is called address: the first line that is no remark must name the "
                   "columns, as address, name, type (or 地址, 名称, 类型); register is for numbers "
                   "like 40001");
    static const enum point_key needed[] = {POINT_NAME, POINT_TYPE};
    for (size_t i = 0; i < 2; i++) {
        if (seen[needed[i]] == 0)
            faults_add(reader->draft.faults, reader->draft.file, row->line,
                       "no column is called %s: every point needs it (%s)",
                       point_column_name((int)needed[i]), point_table.settings[needed[i]].help);
    }
}

static char *parse_bits(const char *text, struct draft_point *point)
{
    const char *colon = strchr(text, ':');
    struct bits_block block = {0};
    char *first = colon != NULL ? xstrndup(text, (size_t)(colon - text)) : NULL;
    char *problem = NULL;
    if (colon == NULL)
        return xasprintf("%s is not the first bit and how many: write it like 4:2", QUOTE(text));
    for (size_t i = 0; i < 2 && problem == NULL; i++) {
        const char *part = i == 0 ? first : colon + 1;
        problem = setting_value_parse(&bits_table.settings[i], part, part,
                                      (char *)&block + bits_table.settings[i].offset);
    }
    free(first);
    point->bit_first = block.first;
    point->bit_count = block.count;
    return problem;
}

/* Spreadsheets write whole numbers with a fraction: "1.0" is "1". A new text. */
static char *without_fraction(const char *text)
{
    size_t n = strspn(text, "0123456789"), zeros = text[n] == '.' ? strspn(text + n + 1, "0") : 0;
    bool whole = zeros > 0 && text[n + 1 + zeros] == '\0';
    return whole ? xstrndup(text, n) : xstrdup(text);
}

static char *parse_register(const char *text, struct draft_point *point)
{
    uint32_t function;
    char *number = without_fraction(text);
    int result = point_register_parse(number, &point->address, &function);
    free(number);
    if (result < 0)
        return xasprintf("%s is no number of a register: write it with five or six digits, like "
                         "40001 (holding register), 30001 (input register), 10001 (discrete "
                         "input) or 00001 (coil), or use a column address",
                         QUOTE(text));
    if (point->function != 0 && point->function != function)
        return xasprintf("%s is read by function %u, and the column function says %u: leave one of "
                         "them empty",
                         QUOTE(text), function, point->function);
    point->function = function;
    return NULL;
}

static bool has_decimal_comma(const char *text)
{
    size_t n = strspn(text, "+-0123456789");
    return text[n] == ',' && text[n + 1] != '\0' &&
           text[n + 1 + strspn(text + n + 1, "0123456789eE+-")] == '\0';
}

static const char *yes_or_no(const char *text)
{
    if (strcmp(text, "是") == 0)
        return "true";
    return strcmp(text, "否") == 0 ? "false" : text;
}

/* The cell as YAML would say it. A new text. */
static char *plain_text(enum point_key key, const char *text)
{
    enum setting_type type = point_table.settings[key].type;
    const char *known = key == POINT_TYPE ? point_type_find(text) : NULL;
    if (known != NULL)
        return xstrdup(known);
    if (type == SETTING_BOOL)
        return xstrdup(yes_or_no(text));
    if (type == SETTING_UINT || key == POINT_WRITE_FUNCTION)
        return without_fraction(text);
    char *plain = xstrdup(text);
    for (char *p = plain; key == POINT_WORD_ORDER && *p != '\0'; p++)
        *p = *p >= 'a' && *p <= 'd' ? (char)(*p - 'a' + 'A') : *p;
    return plain;
}

static char *parse_key(enum point_key key, const char *text, struct draft_point *point)
{
    const struct setting *setting = &point_table.settings[key];
    if (key == POINT_BITS)
        return parse_bits(text, point);
    bool number = setting->type != SETTING_STRING && setting->type != SETTING_CHOICE;
    if (number && has_decimal_comma(text))
        return xasprintf("%s has a comma in a number: write a decimal point, like 0.1, and nothing "
                         "between thousands",
                         QUOTE(text));
    char *plain = plain_text(key, text);
    char *problem = setting_value_parse(setting, plain, text, (char *)point + setting->offset);
    free(plain);
    return problem;
}

static void read_cell(struct table_reader *reader, const struct csv_row *row, size_t i,
                      struct draft_point *point)
{
    const char *text = row->cells[i];
    int column = i < reader->ncolumns ? reader->columns[i] : -1;
    if (text[0] == '\0' || strcasecmp(text, "null") == 0 || column == COLUMN_REMARK)
        return;
    char *problem = NULL;
    if (column < 0 && (i >= reader->ncolumns || !reader->titled[i]))
        problem = xasprintf("the header (line %u) has no title here: add one, or empty the cell",
                            reader->header_line);
    else if (column == COLUMN_REGISTER && point->lines[POINT_ADDRESS] > 0)
        problem = xasprintf("the column address says it already: leave one of them empty");
    else if (column == COLUMN_REGISTER)
        problem = parse_register(text, point);
    else if (column >= 0)
        problem = parse_key((enum point_key)column, text, point);
    if (column == COLUMN_REGISTER)
        point->lines[POINT_ADDRESS] = point->lines[POINT_FUNCTION] = row->lines[i];
    else if (column >= 0)
        point->lines[column] = row->lines[i];
    if (problem == NULL)
        return;
    point->faulty = true;
    if (column >= 0 && column < POINT_KEYS)
        faults_add(reader->draft.faults, reader->draft.file, row->lines[i], "%s: %s",
                   POINT_KEY(point, (enum point_key)column), problem);
    else
        faults_add(reader->draft.faults, reader->draft.file, row->lines[i], "column %zu (%s): %s",
                   i + 1, column >= 0 ? point_column_name(column) : letters_of(i + 1).text,
                   problem);
    free(problem);
}

static void set_defaults(struct draft_point *point)
{
    for (size_t i = 0; i < point_table.count; i++) {
        const struct setting *setting = &point_table.settings[i];
        if (setting->def == NULL)
            continue;
        char *problem = setting_value_parse(setting, setting->def, setting->def,
                                            (char *)point + setting->offset);
        if (problem != NULL)
            abort(); /* our own table is wrong; a test reads every default */
    }
}

static void check_given(struct table_reader *reader, struct draft_point *point)
{
    static const enum point_key needed[] = {POINT_ADDRESS, POINT_NAME, POINT_TYPE};
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        /* That a column is missing as a whole was said of the header. */
        if (point->lines[needed[i]] > 0)
            continue;
        if (reader->table->columns.number[needed[i]] > 0)
            data_point_fault(&reader->draft, point, needed[i],
                             "%s is empty: every point needs it (%s)", POINT_KEY(point, needed[i]),
                             needed[i] == POINT_ADDRESS ? "where it is read"
                                                        : point_table.settings[needed[i]].help);
        point->faulty = true;
    }
}

static void read_row(struct table_reader *reader, const struct csv_row *row,
                     struct draft_point *point)
{
    point->path = xstrdup("point");
    point->line = row->line;
    point->columns = &reader->table->columns;
    set_defaults(point);
    /* A register may say the function too: so what others say comes first. */
    for (int registers = 0; registers < 2; registers++) {
        for (size_t i = 0; i < row->ncells; i++) {
            bool is_register = i < reader->ncolumns && reader->columns[i] == COLUMN_REGISTER;
            if (is_register == (registers == 1))
                read_cell(reader, row, i, point);
        }
    }
    check_given(reader, point);
    if (!point->faulty)
        data_type_resolve(&reader->draft, point);
    data_point_check_end(&reader->draft, point);
}

static struct draft_point *add_point(struct point_table *table)
{
    if ((table->npoints & (table->npoints - 1)) == 0)
        table->points = xreallocarray(table->points, table->npoints > 0 ? 2 * table->npoints : 1,
                                      sizeof(*table->points));
    struct draft_point *point = &table->points[table->npoints++];
    *point = (struct draft_point){0};
    return point;
}

static void read_rows(struct table_reader *reader, struct csv_table *csv)
{
    struct faults *faults = reader->draft.faults;
    struct csv_row row;
    int got = csv_table_next(csv, &row);
    if (got == 0)
        faults_add(faults, reader->draft.file, 0,
                   "the table is empty: its first line names the columns, as address,name,type, "
                   "and each line below is a point");
    if (got == 1) {
        read_header(reader, &row);
        while ((got = csv_table_next(csv, &row)) == 1) {
            if (reader->table->npoints == POINTS_MAX) {
                faults_add(faults, reader->draft.file, row.line,
                           "more than %d points: no profile holds so many", POINTS_MAX);
                return;
            }
            read_row(reader, &row, add_point(reader->table));
        }
    }
    if (got < 0)
        faults_add(faults, reader->draft.file, row.line, "%s", csv_table_problem(csv));
}

struct point_table *point_table_parse(const char *file, const void *bytes, size_t len,
                                      struct faults *faults)
{
    struct point_table *table = xcalloc(1, sizeof(*table));
    table->file = xstrdup(file);
    struct table_reader reader = {.table = table, .draft = {.file = table->file, .faults = faults}};
    if (len > CSV_TABLE_MAX_SIZE) {
        faults_add(faults, file, 0, "larger than %d MiB: this is no point table",
                   CSV_TABLE_MAX_SIZE / 1024 / 1024);
        return table;
    }
    struct csv_text text = csv_text_read(bytes, len);
    if (text.text == NULL) {
        faults_add(faults, file, text.line, "%s", text.problem);
        return table;
    }
    struct csv_table *csv = csv_table_open(text.text, text.len);
    read_rows(&reader, csv);
    csv_table_close(csv);
    free(text.text);
    table->told = xcalloc(table->npoints, sizeof(const struct draft_source *));
    for (size_t i = 0; i < table->npoints; i++)
        table->points[i].told_by = &table->told[i];
    return table;
}

void point_table_free(struct point_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->npoints; i++)
        data_draft_free_point(&table->points[i]);
    for (size_t i = 0; i < POINT_KEYS; i++)
        free(table->columns.title[i]);
    free(table->points);
    free(table->told);
    free(table->file);
    free(table);
}

void point_table_reference(FILE *out)
{
    point_columns_reference(out);
}
