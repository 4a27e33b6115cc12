// What the server does for --probe-plugin, and nothing else.
#include "host/child_probe.h"

int main(int argc, char** argv) {
    return argc == 3 ? wshub::host::probe_main(argv[2]) : 2;
}
