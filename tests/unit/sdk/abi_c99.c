/* abi.h as a C compiler sees it; abi_test.cpp compares. */
#include <wshub/abi.h>

WSHUB_DESCRIBE("c99", "1.0.0", WSHUB_PF_SERIAL, "good>=1.0");

size_t c_sizes(size_t* out);
size_t c_sizes(size_t* out) {
    size_t n = 0;
    out[n++] = sizeof(wshub_event);
    out[n++] = sizeof(wshub_connect);
    out[n++] = sizeof(wshub_closed);
    out[n++] = sizeof(wshub_member);
    out[n++] = sizeof(wshub_tick);
    out[n++] = sizeof(wshub_reply);
    out[n++] = sizeof(wshub_http);
    out[n++] = sizeof(wshub_emit);
    out[n++] = sizeof(wshub_setting);
    out[n++] = sizeof(wshub_query);
    out[n++] = sizeof(wshub_host_v1);
    out[n++] = sizeof(wshub_plugin_v1);
    out[n++] = sizeof(wshub_desc);
    out[n++] = sizeof(wshub_note);
    out[n++] = sizeof(wshub_channel_event);
    out[n++] = sizeof(wshub_answer);
    return n;
}

const wshub_note* c_note(void);
const wshub_note* c_note(void) {
    return &wshub_plugin_note;
}
