#include "shared/config/point_columns.h"

#include "shared/base/text.h"
#include "shared/config/point_types.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 13, TITLE_MAX = 40 };

static const char *const names[COLUMNS][NAMES_MAX] = {
    [POINT_ADDRESS] = {"address", "地址", "寄存器地址", "起始地址", "数据地址", "点位地址"},
    [POINT_NAME] = {"name", "名称", "点名", "点位", "点位名称", "测点", "测点名称", "变量",
                    "变量名", "变量名称", "参数", "参数名称", "数据名称"},
    [POINT_TYPE] = {"type", "data_type", "类型", "数据类型", "数据格式", "变量类型"},
    [POINT_LENGTH] = {"length", "长度", "字节长度", "字节数"},
    [POINT_SCALE] = {"scale", "factor", "系数", "倍率", "倍数", "比例", "比例系数", "缩放",
                     "缩放系数", "分辨率"},
    [POINT_OFFSET] = {"offset", "偏移", "偏移量", "偏置"},
    [POINT_UNIT] = {"unit", "单位", "工程单位", "计量单位"},
    [POINT_DECIMALS] = {"decimals", "小数位", "小数位数", "小数点", "小数点位数"},
    [POINT_WORD_ORDER] = {"word_order", "字节序", "字节顺序", "字序"},
    [POINT_BIT] = {"bit", "位", "位号", "位序号"},
    [POINT_BITS] = {"bits", "位段"},
    [POINT_SLAVE] = {"slave", "从站", "从站地址", "站号", "从站号", "从机", "从机地址", "从机号",
                     "设备地址"},
    [POINT_FUNCTION] = {"function", "function_code", "功能码", "读功能码"},
    [POINT_INTERVAL] = {"interval", "间隔", "采集间隔", "采集周期", "轮询间隔", "轮询周期"},
    [POINT_ON_CHANGE] = {"on_change", "变化存储"},
    [POINT_DEADBAND] = {"deadband", "死区"},
    [POINT_MAX_INTERVAL] = {"max_interval", "最大间隔"},
    [POINT_WRITABLE] = {"writable", "可写", "是否可写"},
    [POINT_MIN] = {"min", "最小值", "下限"},
    [POINT_MAX] = {"max", "最大值", "上限"},
    [POINT_WRITE_FUNCTION] = {"write_function", "写功能码"},
    [COLUMN_REGISTER] = {"register", "寄存器号", "寄存器编号", "PLC地址"},
    [COLUMN_REMARK] = {"remark", "comment", "note", "no", "no.", "备注", "说明", "描述", "注释",
                       "序号", "编号", "读写", "读写属性"},
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

/* A byte for each character, so that one wrong character is one whatever its script: Chinese titles
 * have few. */
static const char *fold(const char *title, char out[TITLE_MAX])
{
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)title; *p != '\0'; p++) {
        if ((*p & 0xc0) != 0x80)
            out[n++] = (char)*p;
        else if (n > 0)
            out[n - 1] = (char)(0x80 | ((unsigned char)out[n - 1] * 31 + *p));
    }
    out[n] = '\0';
    return out;
}

const char *point_column_nearest(const char *title)
{
    enum { KNOWN_MAX = COLUMNS * NAMES_MAX };
    const char *titles[KNOWN_MAX], *folds[KNOWN_MAX];
    char wanted[TITLE_MAX], word[TITLE_MAX], folded[KNOWN_MAX][TITLE_MAX];
    size_t n = 0;
    for (size_t k = 0; k < NAMES_MAX; k++) { /* of equals the one that more people use */
        for (int i = 0; i < COLUMNS; i++) {
            if (names[i][k] == NULL)
                continue;
            folds[n] = fold(normal(names[i][k], word), folded[n]);
            titles[n++] = names[i][k];
        }
    }
    fold(normal(title, word), wanted);
    /* One character away from a single one is anything. */
    const char *found =
        wanted[0] != '\0' && wanted[1] != '\0' ? text_nearest(wanted, folds, n) : NULL;
    for (size_t i = 0; i < n; i++) {
        if (found == folds[i])
            return titles[i];
    }
    return NULL;
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
            fputs(" | for people; passed over (writing takes the column writable)", out);
        else if (i == POINT_ADDRESS)
            fputs(" | wire address of the first register, or of the bit, decimal or 0x", out);
        else if (i == POINT_TYPE)
            fputs(" | how the bytes become a value: a type of data_points, or another name for it, "
                  "see below",
                  out);
        else if (i == POINT_BITS)
            fputs(" | type bits: several bits as one number, as 4:2, the first and how many", out);
        else
            fprintf(out, " | %s", point_table.settings[i].help);
        fputs(" |\n", out);
    }
    fputs("\nOther names of types, in any case; blanks, `_`, `-` and a closing `整数`, `整型`, "
          "`数` or "
          "`型` do not matter:\n\n",
          out);
    point_types_reference(out);
}
