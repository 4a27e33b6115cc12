/* A plugin in plain C. Answers "c:echo" with its arguments. */
#include <stdlib.h>
#include <string.h>
#include <wshub/abi.h>

#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(wshub_plugin_v1)
#endif
#ifdef NEWER /* of a later minor version, and content with the first */
#undef WSHUB_ABI_MINOR
#define WSHUB_ABI_MINOR 3
#endif

typedef struct plugin {
    wshub_host* host;
    const wshub_host_v1* functions;
} plugin;

static const wshub_slot echo_slot = 7;

static wshub_str text(const char* p) {
    wshub_str s;
    s.p = p;
    s.n = strlen(p);
    return s;
}

static void* create(wshub_host* host, const wshub_host_v1* functions, wshub_err* error) {
    plugin* self = malloc(sizeof *self);
    if (!self || functions->on(host, WSHUB_ON_EVENT, text("c:echo"), echo_slot, 0) < 0) {
        free(self);
        if (error) error->code = WSHUB_EINTERNAL;
        return NULL;
    }
    self->host = host;
    self->functions = functions;
    return self;
}

static void destroy(void* self) {
    free(self);
}

static int32_t call(void* self, uint32_t kind, wshub_slot slot, const void* data, wshub_err* error) {
    const plugin* me = self;
    const wshub_event* event = data;
    if (kind != WSHUB_ON_EVENT || slot != echo_slot) {
        if (error) error->code = WSHUB_EINVAL;
        return WSHUB_EINVAL;
    }
    me->functions->ack(me->host, event->ack, event->args, event->bins, event->n_bins);
    return WSHUB_OK;
}

/* As long as it says, with room for functions of later versions. */
static const struct {
    wshub_plugin_v1 known;
    uint64_t more[4];
} table = {{TABLE_SIZE, 0, create, destroy, NULL, NULL, call, NULL, NULL, 0, 0}, {1, 2, 3, 4}};

#ifndef NO_DESCRIPTOR
WSHUB_DESCRIBE(NAME, "0.9.0", FLAGS, "");
#endif

#ifdef MISSING_SYMBOL
int missing_function(void);
#endif

#ifdef NO_ENTRY
const wshub_plugin_v1* some_other_name(void);
WSHUB_EXPORT const wshub_plugin_v1* some_other_name(void) {
#else
WSHUB_EXPORT const wshub_plugin_v1* wshub_plugin_entry_v1(void) {
#endif
#ifdef MISSING_SYMBOL
    if (missing_function()) return NULL;
#endif
    return &table.known;
}
