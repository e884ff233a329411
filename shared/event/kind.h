/*
 * The kinds of events: one table. A new kind is one line of it, with the title that people read in
 * the portal and in chats.
 *
 * The numbers stand in journals: a new kind goes to the end, and none is ever taken out.
 */
#ifndef DTUHUB_EVENT_KIND_H
#define DTUHUB_EVENT_KIND_H

#include <stdbool.h>
#include <stdint.h>

/* "evt_" and 32 hexadecimal digits, and its NUL. */
enum { EVENT_ID_SIZE = 37 };

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITIES };

/* X(symbol, name, severity, of a device, in the table `events`, title in English, in Chinese) */
// clang-format off
#define EVENT_KIND_LIST(X) \
    X(SLAVE_DEAD, "slave_dead", SEVERITY_WARNING, true, true, \
      "Slave dead", "从站无应答") \
    X(SLAVE_ALIVE, "slave_alive", SEVERITY_INFO, true, true, \
      "Slave alive", "从站恢复") \
    X(DEVICE_FLAPPING, "device_flapping", SEVERITY_WARNING, true, true, \
      "Flapping", "频繁上下线") \
    X(DEVICE_UNKNOWN, "device_unknown", SEVERITY_WARNING, true, true, \
      "Unknown device", "未知设备") \
    X(DEVICE_SUPERSEDED, "device_superseded", SEVERITY_WARNING, true, true, \
      "Line superseded", "连接被取代") \
    X(WRITE_DONE, "write_done", SEVERITY_INFO, true, true, \
      "Written", "已写入") \
    X(STORAGE_LOST, "storage_lost", SEVERITY_CRITICAL, false, true, \
      "Records lost", "数据丢失") \
    X(STORAGE_BEHIND, "storage_behind", SEVERITY_CRITICAL, false, true, \
      "Storage behind", "存储滞后") \
    X(DEVICE_ONLINE, "device_online", SEVERITY_INFO, true, true, \
      "Device online", "设备上线") \
    X(DEVICE_OFFLINE, "device_offline", SEVERITY_WARNING, true, true, \
      "Device offline", "设备离线") \
    X(DATA_RECEIVED, "data_received", SEVERITY_INFO, true, false, \
      "Data received", "收到数据") \
    X(HEARTBEAT_TIMEOUT, "heartbeat_timeout", SEVERITY_WARNING, true, true, \
      "Heartbeats missed", "心跳超时") \
    X(ALARM_RAISED, "alarm_raised", SEVERITY_WARNING, true, true, \
      "Alarm", "告警") \
    X(ALARM_CLEARED, "alarm_cleared", SEVERITY_INFO, true, true, \
      "Alarm cleared", "告警恢复") \
    X(ALARM_ACKNOWLEDGED, "alarm_acknowledged", SEVERITY_INFO, true, true, \
      "Alarm acknowledged", "告警已确认") \
    X(NO_DATA, "no_data", SEVERITY_WARNING, true, true, \
      "No data", "无数据") \
    X(CONFIG_RELOADED, "config_reloaded", SEVERITY_INFO, false, true, \
      "Configuration reloaded", "配置已重载") \
    X(CONFIG_REJECTED, "config_rejected", SEVERITY_WARNING, false, true, \
      "Configuration refused", "配置被拒绝") \
    X(SERVER_STARTED, "server_started", SEVERITY_INFO, false, true, \
      "Collector started", "采集服务启动") \
    X(SERVER_STOPPING, "server_stopping", SEVERITY_INFO, false, true, \
      "Collector stopping", "采集服务停止") \
    X(WEBHOOK_DISABLED, "webhook_disabled", SEVERITY_WARNING, false, true, \
      "Webhook disabled", "回调已停用") \
    X(WEBHOOK_DEAD, "webhook_dead", SEVERITY_WARNING, false, true, \
      "Webhook not delivered", "回调投递失败")
// clang-format on

enum event_kind {
    EVENT_NONE,
#define X(symbol, name, severity, device, stored, en, zh) EVENT_##symbol,
    EVENT_KIND_LIST(X)
#undef X
        EVENT_KINDS, /* one more than the last */
};

struct event_kind_info {
    const char *name;
    enum severity severity; /* where the event itself brings none: alarms have their rule's */
    bool of_device;         /* else of the collector */
    bool stored;            /* in the table `events` */
    const char *title_en, *title_zh; /* for people */
};

/** event_kind_info(kind): never NULL; the name is "unknown" for another number. */
const struct event_kind_info *event_kind_info(unsigned kind);

/** event_kind_find(name): EVENT_NONE where no kind is called so. */
enum event_kind event_kind_find(const char *name);

/** event_kind_mask(kind): its bit in a set of kinds. */
static inline uint64_t event_kind_mask(enum event_kind kind)
{
    return (uint64_t)1 << kind;
}

/** severity_name(severity): "info", "warning", "critical". */
const char *severity_name(enum severity severity);

/** event_kind_names, severity_names: for settings, NULL at the end; the index of the first is
 * EVENT_NONE + 1. */
extern const char *const event_kind_names[EVENT_KINDS];
extern const char *const severity_names[SEVERITIES + 1];

#endif
