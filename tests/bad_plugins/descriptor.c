/* A plugin whose descriptor says something that WSHUB_DESCRIBE would not. */
#include <wshub/abi.h>

#ifndef MAJOR
#define MAJOR WSHUB_ABI_MAJOR
#endif
#ifndef DESCRIPTOR_SIZE
#define DESCRIPTOR_SIZE sizeof(wshub_desc)
#endif
#ifndef MIN_MINOR
#define MIN_MINOR 0
#endif

static const wshub_plugin_v1 table = {sizeof(wshub_plugin_v1), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0};

__attribute__((section(".note.wshub"), used, aligned(4))) static const wshub_note note = {
    sizeof(WSHUB_NOTE_NAME),
    sizeof(wshub_desc),
    WSHUB_NOTE_TYPE,
    WSHUB_NOTE_NAME,
    {DESCRIPTOR_SIZE, MAJOR, MIN_MINOR, MIN_MINOR, 0, 0, NAME, "1.0.0", WSHUB_SDK_VERSION, "a test", ""}};

WSHUB_EXPORT const wshub_plugin_v1* wshub_plugin_entry_v1(void) {
    return &table;
}
