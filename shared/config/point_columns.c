#include "shared/config/point_columns.h"

#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 6, TITLE_MAX = 40 };

static const char *const names[COLUMNS][NAMES_MAX] = {
    [POINT_ADDRESS] = {"address", "地址"},
    [POINT_NAME] = {"name", "名称", "点名"},
    [POINT_TYPE] = {"type", "类型", "数据类型"},
    [POINT_LENGTH] = {"length", "长度"},
    [POINT_SCALE] = {"scale", "系数", "倍率"},
    [POINT_OFFSET] = {"offset", "偏移", "偏移量"},
    [POINT_UNIT] = {"unit", "单位"},
    [POINT_DECIMALS] = {"decimals", "小数位", "小数位数"},
    [POINT_WORD_ORDER] = {"word_order", "字节序", "字节顺序"},
    [POINT_BIT] = {"bit", "位"},
    [POINT_BITS] = {"bits", "位段"},
    [POINT_SLAVE] = {"slave", "从站", "从站地址", "站号"},
    [POINT_FUNCTION] = {"function", "功能码"},
    [POINT_INTERVAL] = {"interval", "间隔", "采集间隔"},
    [POINT_ON_CHANGE] = {"on_change", "变化存储"},
    [POINT_DEADBAND] = {"deadband", "死区"},
    [POINT_MAX_INTERVAL] = {"max_interval", "最大间隔"},
    [POINT_WRITABLE] = {"writable", "可写"},
    [POINT_MIN] = {"min", "最小值", "下限"},
    [POINT_MAX] = {"max", "最大值", "上限"},
    [POINT_WRITE_FUNCTION] = {"write_function", "写功能码"},
    [COLUMN_REGISTER] = {"register", "寄存器号", "PLC地址"},
    [COLUMN_REMARK] = {"remark", "comment", "note", "备注", "说明"},
};

static char plain(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == ' ' || c == '-' ? '_' : c;
}

static const char *normal(const char *title, char out[TITLE_MAX])
{
    size_t i = 0;
    for (; i < TITLE_MAX - 1 && title[i] != '\0'; i++)
        out[i] = plain(title[i]);
    out[i] = '\0';
    return title[i] == '\0' ? out : "";
}

int point_column_find(const char *title)
{
    char wanted[TITLE_MAX];
    normal(title, wanted);
    for (int i = 0; i < COLUMNS; i++) {
        for (size_t k = 0; k < NAMES_MAX && names[i][k] != NULL; k++) {
            char known[TITLE_MAX];
            if (strcmp(normal(names[i][k], known), wanted) == 0)
                return i;
        }
    }
    return -1;
}

const char *point_column_name(int column)
{
    return names[column][0];
}

const char *point_column_nearest(const char *title)
{
    char wanted[TITLE_MAX];
    const char *first[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        first[i] = names[i][0];
    return text_nearest(normal(title, wanted), first, COLUMNS);
}

int point_register_parse(const char *text, uint32_t *address, uint32_t *function)
{
    static const uint8_t functions[] = {FC_READ_COILS, FC_READ_DISCRETE_INPUTS, 0,
                                        FC_READ_INPUT_REGISTERS, FC_READ_HOLDING_REGISTERS};
    size_t len = strlen(text);
    if ((len != 5 && len != 6) || strspn(text, "0123456789") != len)
        return -1;
    unsigned kind = (unsigned)(text[0] - '0');
    unsigned long number = strtoul(text + 1, NULL, 10);
    if (kind >= sizeof(functions) || functions[kind] == 0 || number < 1 || number > 65536)
        return -1;
    *address = (uint32_t)(number - 1);
    *function = functions[kind];
    return 0;
}

void point_columns_reference(FILE *out)
{
    fputs("| column | or | what it says |\n| --- | --- | --- |\n", out);
    for (int i = 0; i < COLUMNS; i++) {
        fprintf(out, "| `%s` | ", names[i][0]);
        for (size_t k = 1; k < NAMES_MAX && names[i][k] != NULL; k++)
            fprintf(out, "%s`%s`", k > 1 ? ", " : "", names[i][k]);
        if (i == COLUMN_REGISTER)
            fputs(" | in place of address and function, as PLC manuals number: 40001 is holding "
                  "register 0, 30001 input register 0, 10001 discrete input 0, 00001 coil 0; five "
                  "or six digits",
                  out);
        else if (i == COLUMN_REMARK)
            fputs(" | for people; passed over", out);
        else if (i == POINT_ADDRESS)
            fputs(" | wire address of the first register, or of the bit, decimal or 0x", out);
        else if (i == POINT_BITS)
            fputs(" | type bits: several bits as one number, as 4:2, the first and how many", out);
        else
            fprintf(out, " | %s", point_table.settings[i].help);
        fputs(" |\n", out);
    }
}
