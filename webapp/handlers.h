/*
 * The handlers of the route table, one file each in pages/, api/ and export/. What a handler may
 * rely on: the parameters its route names are checked, a POST has a JSON object as body, the
 * database is not yet asked.
 */
#ifndef DTUHUB_WEBAPP_HANDLERS_H
#define DTUHUB_WEBAPP_HANDLERS_H

#include "webapp/http/route.h"

enum outcome page_dashboard(struct call *call);
enum outcome page_devices(struct call *call);
enum outcome page_device(struct call *call);
enum outcome page_lines(struct call *call);
enum outcome page_data(struct call *call);
enum outcome page_connections(struct call *call);

enum outcome api_devices(struct call *call);
enum outcome api_device_data(struct call *call);
enum outcome api_device_series(struct call *call);
enum outcome api_raw_packets(struct call *call);
enum outcome api_lines(struct call *call);
enum outcome api_device_line(struct call *call);
enum outcome api_quarantine(struct call *call);
enum outcome api_dials(struct call *call);
enum outcome api_refusals(struct call *call);
enum outcome api_expected(struct call *call);
enum outcome api_writes(struct call *call);
enum outcome api_events(struct call *call);
enum outcome api_alarms(struct call *call);
enum outcome api_alarm_acknowledge(struct call *call);
enum outcome api_webhooks(struct call *call);
enum outcome api_webhook_enable(struct call *call);
enum outcome api_webhook_test(struct call *call);
enum outcome api_deliveries(struct call *call);
enum outcome api_delivery(struct call *call);
enum outcome api_delivery_replay(struct call *call);
enum outcome api_deliveries_replay(struct call *call);
enum outcome api_traffic(struct call *call);
enum outcome api_health(struct call *call);

enum outcome export_csv(struct call *call);

#endif
