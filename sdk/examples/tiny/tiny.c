/* A plugin in plain C: answers `tiny` with what came, and counts. It uses the wall itself, wshub/abi.h. */
#include <stdlib.h>
#include <wshub/abi.h>

/* Chosen by the plugin: what the hub names when it calls. */
enum { ON_TINY = 1 };

struct tiny {
    wshub_host* host;
    const wshub_host_v1* functions;
    uint64_t answered;
};

/* A text of the program, as the wall takes it. */
#define TEXT(literal) \
    { literal, sizeof(literal) - 1 }

static void* tiny_create(wshub_host* host, const wshub_host_v1* functions, wshub_err* error) {
    const wshub_str event = TEXT("tiny"), figure = TEXT("tiny_answered_total"), help = TEXT("Events answered");
    const wshub_str no_labels = TEXT("");
    struct tiny* self = malloc(sizeof *self);
    if (!self) return NULL;
    self->host = host;
    self->functions = functions;
    error->code = functions->metric(host, WSHUB_COUNTER, figure, help, no_labels, &self->answered);
    if (error->code >= 0) error->code = functions->on(host, WSHUB_ON_EVENT, event, ON_TINY, 0);
    if (error->code >= 0) return self;
    free(self);
    return NULL;
}

static void tiny_destroy(void* self) {
    free(self);
}

static int32_t tiny_call(void* self, uint32_t kind, wshub_slot slot, const void* data, wshub_err* error) {
    const struct tiny* tiny = self;
    const wshub_event* event = data;
    (void)error;
    if (kind != WSHUB_ON_EVENT || slot != ON_TINY) return WSHUB_EINVAL;
    tiny->functions->metric_add(tiny->host, tiny->answered, 1);
    /* An event that asked for no answer has the ack 0. */
    if (event->ack != 0) tiny->functions->ack(tiny->host, event->ack, event->args, event->bins, event->n_bins);
    return WSHUB_OK;
}

static const wshub_plugin_v1 tiny_plugin = {
    sizeof(wshub_plugin_v1), 0, tiny_create, tiny_destroy, NULL, NULL, tiny_call, NULL, NULL, 0, 0};

WSHUB_EXPORT const wshub_plugin_v1* wshub_plugin_entry_v1(void) {
    return &tiny_plugin;
}
WSHUB_DESCRIBE("tiny", "1.0.0", 0, "");
