/*
 * CRC-16/MODBUS: polynomial 0xA001 (reflected 0x8005), start 0xFFFF, no final inversion.
 * Source: Modbus over Serial Line, specification and implementation guide V1.02, 6.2.2.
 */
#ifndef DTUHUB_MODBUS_CRC16_H
#define DTUHUB_MODBUS_CRC16_H

#include <stddef.h>
#include <stdint.h>

/** crc16_modbus(bytes, len): the CRC; on the wire its low byte goes first. Pure, any thread. */
uint16_t crc16_modbus(const uint8_t *bytes, size_t len);

#endif
