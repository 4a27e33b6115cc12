/* abi.h as a C compiler sees it; abi_test.cpp compares. */
#include <wshub/abi.h>

WSHUB_DESCRIBE("c99", "1.0.0", WSHUB_PF_SERIAL, "good>=1.0");

const wshub_note* c_note(void);
const wshub_note* c_note(void) {
    return &wshub_plugin_note;
}
