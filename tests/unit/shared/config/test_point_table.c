#include "shared/config/point_table.h"

#include "shared/config/point_columns.h"
#include "tests/unit/shared/config/expect.h"

enum { LARGE = 4 * 1024 * 1024 + 1 };

static struct point_table *parse(const char *text, struct faults *faults)
{
    return point_table_parse("t.csv", text, strlen(text), faults);
}

static struct point_table *parse_good(const char *text)
{
    struct faults faults = {0};
    struct point_table *table = parse(text, &faults);
    expect_faults(&faults, "");
    return table;
}

static void refuses(const char *text, const char *expected)
{
    struct faults faults = {0};
    struct point_table *table = parse(text, &faults);
    expect_faults(&faults, expected);
    point_table_free(table);
}

static void every_column(void **state)
{
    (void)state;
    struct point_table *table = parse_good(
        "# remarks\n"
        "name,address,type,length,scale,offset,unit,decimals,word_order,slave,function,interval,"
        "on_change,deadband,max_interval,writable,min,max,write_function,remark\n"
        "set,0x10,int,4,0.1,-40,°C,1,CDAB,7,3,2.5,TRUE,0.5,600,yes,-10,90,16,\"what, ever\"\n"
        "\n"
        "level,5,uint16,,,,,,,,,,,,,,,,,\n");
    assert_int_equal(table->npoints, 2);
    const struct draft_point *set = &table->points[0], *level = &table->points[1];
    assert_string_equal(set->name, "set");
    assert_string_equal(set->unit, "°C");
    assert_int_equal(set->address, 16);
    assert_int_equal(set->reg.kind, REG_INT);
    assert_int_equal(set->reg.size, 4);
    assert_int_equal(set->reg.order, ORDER_CDAB);
    assert_true(set->scale == 0.1 && set->offset == -40 && set->deadband == 0.5);
    assert_true(set->min == -10 && set->max == 90);
    assert_int_equal(set->decimals, 1);
    assert_int_equal(set->slave, 7);
    assert_int_equal(set->function, 3);
    assert_int_equal(set->interval_ms, 2500);
    assert_int_equal(set->max_interval_ms, 600000);
    assert_true(set->on_change && set->writable);
    assert_int_equal(data_write_functions[set->write_choice], 16);
    assert_int_equal(set->line, 3);
    assert_int_equal(level->line, 5);
    assert_string_equal(level->unit, "");
    assert_true(level->scale == 1 && level->offset == 0);
    assert_int_equal(level->lines[POINT_DECIMALS], 0);
    point_table_free(table);
    point_table_free(NULL);
}

static void bits_and_empty_cells(void **state)
{
    (void)state;
    struct point_table *table = parse_good("Address;Name;Type;Bit;Bits;Scale;\n"
                                           "1;a;bits;3;;null;\n"
                                           "1;b;bits;;4:2;;\n");
    assert_int_equal(table->points[0].reg.bit_first, 3);
    assert_int_equal(table->points[0].reg.bit_count, 1);
    assert_int_equal(table->points[1].reg.bit_first, 4);
    assert_int_equal(table->points[1].reg.bit_count, 2);
    point_table_free(table);
}

static void chinese_titles(void **state)
{
    (void)state;
    struct point_table *table = parse_good(
        "\xef\xbb\xbf地址,名称,类型,系数,单位,小数位,字节序,从站,功能码,间隔,可写,备注\r\n"
        "18,水分,uint16,0.1,%,1,ABCD,2,3,60,是,土壤\r\n");
    assert_string_equal(table->points[0].name, "水分");
    assert_true(table->points[0].scale == 0.1 && table->points[0].writable);
    assert_int_equal(table->points[0].slave, 2);
    assert_int_equal(table->points[0].interval_ms, 60000);
    point_table_free(table);
}

/* As vendors' manuals have them, numbers as a spreadsheet exports them. */
static void a_vendors_table(void **state)
{
    (void)state;
    struct point_table *table =
        parse_good("序号,寄存器地址,点位名称,数据格式,倍数,功能码,小数点,字序,读写,从站号\n"
                   "1.0,18.0,水分,UINT16,0.1,3.0,1.0,abcd,R,2.00\n"
                   "2.0,0x20,温度,16位有符号整数,0.1,4,,CDAB,R/W,\n");
    const struct draft_point *point = &table->points[0];
    assert_int_equal(point->address, 18);
    assert_string_equal(point->name, "水分");
    assert_int_equal(point->reg.kind, REG_UINT);
    assert_true(point->scale == 0.1 && !point->writable);
    assert_int_equal(point->function, 3);
    assert_int_equal(point->decimals, 1);
    assert_int_equal(point->slave, 2);
    assert_int_equal(table->points[1].address, 32);
    assert_int_equal(table->points[1].reg.kind, REG_INT);
    assert_int_equal(table->points[1].reg.order, ORDER_CDAB);
    assert_false(table->points[1].writable);
    point_table_free(table);
    table = parse_good(
        "register,name,type,length,writable,write_function\n40001.0,a,int,4.0,yes,16.0\n");
    assert_int_equal(table->points[0].address, 0);
    assert_int_equal(table->points[0].reg.size, 4);
    assert_int_equal(data_write_functions[table->points[0].write_choice], 16);
    point_table_free(table);
    refuses("address,name,type\n1.5,a,int16\n1.,b,int16\n.0,c,int16\n",
            "t.csv:2: column 1 (address): \"1.5\" is not a whole number from 0 to 65535\n"
            "t.csv:3: column 1 (address): \"1.\" is not a whole number from 0 to 65535\n"
            "t.csv:4: column 1 (address): \".0\" is not a whole number from 0 to 65535\n");
    refuses(
        "address,name,type\n1,a,无符号\n",
        "t.csv:2: column \"length\" is missing: type uint needs its length in bytes, 2, 4 or 8\n");
}

static void titles_nearly_right(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"scal", "scale"},
        {"数据类别", "数据类型"},
        {"寄存器地止", "寄存器地址"},
        {"名字", "名称"},
        {"小数点位", "小数位"},
        {"factr", "factor"},
        {"Gain", NULL},
        {"压力", NULL},
        {"值", NULL},
        {"x", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *nearest = point_column_nearest(cases[i][0]);
        if (nearest == NULL || cases[i][1] == NULL)
            assert_ptr_equal(nearest, cases[i][1]);
        else
            assert_string_equal(nearest, cases[i][1]);
    }
}

static void register_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        uint32_t address, function;
    } cases[] = {
        {"40001", 0, 0, 3},    {"49999", 0, 9998, 3}, {"400001", 0, 0, 3}, {"465536", 0, 65535, 3},
        {"30001", 0, 0, 4},    {"10001", 0, 0, 2},    {"00001", 0, 0, 1},  {"000017", 0, 16, 1},
        {"465537", -1, 0, 0},  {"40000", -1, 0, 0},   {"4001", -1, 0, 0},  {"1", -1, 0, 0},
        {"20001", -1, 0, 0},   {"50001", -1, 0, 0},   {"", -1, 0, 0},      {"0x001", -1, 0, 0},
        {"4000001", -1, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint32_t address = 0, function = 0;
        assert_int_equal(point_register_parse(cases[i].text, &address, &function), cases[i].result);
        assert_int_equal(address, cases[i].address);
        assert_int_equal(function, cases[i].function);
    }
    struct point_table *table = parse_good("register,name,type\n30007,a,float32\n00002,b,bits\n");
    assert_int_equal(table->points[0].address, 6);
    assert_int_equal(table->points[0].function, 4);
    assert_int_equal(table->points[1].address, 1);
    assert_int_equal(table->points[1].function, 1);
    point_table_free(table);
    refuses("register,name,type,function,address\n40001,a,int16,4,\n40001,b,int16,3,\n"
            "40001,c,int16,,5\n4001,d,int16,,\n",
            "t.csv:2: column 1 (register): \"40001\" is read by function 3, and the column "
            "function says 4: leave one of them empty\n"
            "t.csv:4: column 1 (register): the column address says it already: leave one of them "
            "empty\n"
            "t.csv:5: column 1 (register): \"4001\" is no number of a register: write it with five "
            "or six digits, like 40001 (holding register), 30001 (input register), 10001 (discrete "
            "input) or 00001 (coil), or use a column address\n");
}

static void what_is_wrong_in_a_header(void **state)
{
    (void)state;
    refuses("", "t.csv:0: the table is empty: its first line names the columns, as "
                "address,name,type, and each line below is a point\n");
    refuses("address,name,type,scal,x y z,Name\n1,a,int16,,,\n",
            "t.csv:1: column 4 (D): unknown title \"scal\": did you mean \"scale\"?\n"
            "t.csv:1: column 5 (E): unknown title \"x y z\": the columns are called as the keys of "
            "data_points (address, name, type, ...); one for people is called remark\n"
            "t.csv:1: column 6 (F): \"Name\" is column 2 already: leave one of them\n");
    refuses("unit\nV\n",
            "t.csv:1: no column is called address: the first line that is no remark must name the "
            "columns, as address, name, type (or 地址, 名称, 类型); register is for numbers like "
            "40001\n"
            "t.csv:1: no column is called name: every point needs it (what the value is called, "
            "unique)\n"
            "t.csv:1: no column is called type: every point needs it (how the bytes become a "
            "value)\n");
}

/* The same words as in YAML, behind the column. */
static void what_is_wrong_in_a_cell(void **state)
{
    (void)state;
    refuses("address,name,type,系数,length,bit,bits,min,\n"
            "70000,a,int16,,,,,,\n"
            ",b,int16,,,,,,\n"
            "1,,int16,,,,,,\n"
            "1,c,wrod,,,,,,\n"
            "1,d,int16,\"0,1\",,,,,\n"
            "1,e,int16,0,,,,,\n"
            "1,f,int,,,,,,\n"
            "1,g,bits,,,16,,,\n"
            "1,h,bits,,,,4-2,,\n"
            "1,i,bits,,,,4:33,,\n"
            "1,j,int16,,,,,5,\n"
            "1,k,int16,,,,,,x,y\n"
            "65535,l,int32,,,,,,\n",
            "t.csv:2: column 1 (address): \"70000\" is not a whole number from 0 to 65535\n"
            "t.csv:3: column 1 (address) is empty: every point needs it (where it is read)\n"
            "t.csv:4: column 2 (name) is empty: every point needs it (what the value is called, "
            "unique)\n"
            "t.csv:5: column 3 (type): \"wrod\" is not known here: write one of int, uint, float, "
            "double, bits, string, bcd, int16, uint16, int32, uint32, int64, uint64, float32, "
            "float64\n"
            "t.csv:6: column 4 (系数): \"0,1\" has a comma in a number: write a decimal point, "
            "like 0.1, and nothing between thousands\n"
            "t.csv:7: column 4 (系数): 0 makes every value 0: write null to take the number as it "
            "is\n"
            "t.csv:8: column 5 (length) is missing: type int needs its length in bytes, 2, 4 or 8\n"
            "t.csv:9: column 6 (bit): bit 16 lies outside of 2 bytes: the last one is bit 15\n"
            "t.csv:10: column 7 (bits): \"4-2\" is not the first bit and how many: write it like "
            "4:2\n"
            "t.csv:11: column 7 (bits): \"33\" is not a whole number from 1 to 32\n"
            "t.csv:12: column 8 (min) goes with writable only: add writable: true, or leave it "
            "out\n"
            "t.csv:13: column 9 (I): the header (line 1) has no title here: add one, or empty the "
            "cell\n"
            "t.csv:13: column 10 (J): the header (line 1) has no title here: add one, or empty the "
            "cell\n"
            "t.csv:14: point: 4 bytes from address 65535 on end behind the last address, 65535\n");
}

static void what_is_wrong_with_the_file(void **state)
{
    (void)state;
    refuses("address,name,type\n1,\"a\n", "t.csv:2: quotes are opened here and never closed: close "
                                          "them, or take them out\n");
    refuses("address\n\xff\xff\n",
            "t.csv:2: this is neither UTF-8 nor GBK: save the table as \"CSV UTF-8\"\n");
    struct faults faults = {0};
    char *large = calloc(1, LARGE);
    assert_non_null(large);
    point_table_free(point_table_parse("t.csv", large, LARGE, &faults));
    expect_faults(&faults, "t.csv:0: larger than 4 MiB: this is no point table\n");
    free(large);
}

static void a_table_has_its_bounds(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    fputs("address,name,type\n", out);
    for (unsigned i = 0; i < 65536; i++)
        fprintf(out, "%u,p%u,int16\n", i, i);
    assert_int_equal(fclose(out), 0);
    struct faults faults = {0};
    struct point_table *table = point_table_parse("t.csv", text, len, &faults);
    assert_int_equal(table->npoints, 65535);
    expect_faults(&faults, "t.csv:65537: more than 65535 points: no profile holds so many\n");
    point_table_free(table);
    free(text);
}

/* Each key of a point has a column of its name, so that a table can say whatever YAML can. */
static void every_key_is_a_column(void **state)
{
    (void)state;
    for (int i = 0; i < POINT_KEYS; i++) {
        assert_int_equal(point_column_find(setting_key(&point_table.settings[i])), i);
        assert_string_equal(point_column_name(i), setting_key(&point_table.settings[i]));
    }
    assert_int_equal(point_column_find("Word Order"), POINT_WORD_ORDER);
    assert_int_equal(point_column_find("word-order"), POINT_WORD_ORDER);
    assert_int_equal(point_column_find("plc地址"), COLUMN_REGISTER);
    assert_int_equal(point_column_find("a title that is a good deal longer than any of them"), -1);
    assert_int_equal(point_column_find(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_column),
        cmocka_unit_test(bits_and_empty_cells),
        cmocka_unit_test(chinese_titles),
        cmocka_unit_test(a_vendors_table),
        cmocka_unit_test(titles_nearly_right),
        cmocka_unit_test(register_numbers),
        cmocka_unit_test(what_is_wrong_in_a_header),
        cmocka_unit_test(what_is_wrong_in_a_cell),
        cmocka_unit_test(what_is_wrong_with_the_file),
        cmocka_unit_test(a_table_has_its_bounds),
        cmocka_unit_test(every_key_is_a_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
