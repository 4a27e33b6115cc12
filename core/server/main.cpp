#include "server/program.h"

int main(int count, char** arguments) {
    return wshub::server::run_program({arguments + (count > 0 ? 1 : 0), arguments + count});
}
