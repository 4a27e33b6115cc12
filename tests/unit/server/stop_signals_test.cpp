#include "server/stop_signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace wshub::server;

namespace {

// What became of a child process that did this: its exit code, or 1000 + the signal that ended it.
template <class Work>
int outcome_of(Work work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("the first stop signal is waited for and named, also if it came before", "[signals]") {
    const int number = GENERATE(SIGTERM, SIGINT, SIGHUP);
    CHECK(outcome_of([number] {
              StopSignals signals;
              ::raise(number);
              return signals.wait();
          }) == number);
}

TEST_CASE("hang-ups are told one by one, and stop nothing", "[signals]") {
    CHECK(outcome_of([] {
              StopSignals signals;
              for (int i = 0; i < 3; ++i) {
                  ::raise(SIGHUP);
                  if (signals.wait() != SIGHUP) return 1;
              }
              if (signals.wait_for(std::chrono::milliseconds(0))) return 2;
              ::raise(SIGHUP);
              ::raise(SIGTERM);
              return signals.wait() == SIGTERM ? 3 : 4;
          }) == 3);
}

TEST_CASE("a request to open the log anew is told beside a hang-up, and stops nothing", "[signals]") {
    CHECK(outcome_of([] {
              StopSignals signals;
              const auto patience = std::chrono::milliseconds(1'000);
              ::raise(SIGUSR1);
              if (signals.wait_for(patience) != SIGUSR1) return 1;
              ::raise(SIGUSR1);
              ::raise(SIGHUP);
              if (signals.wait_for(patience) != SIGHUP) return 2;
              if (signals.wait_for(patience) != SIGUSR1) return 3;
              return signals.wait_for(std::chrono::milliseconds(0)) ? 4 : 5;
          }) == 5);
}

TEST_CASE("a wait for a stop signal ends without one when its time is over", "[signals]") {
    CHECK(outcome_of([] {
              StopSignals signals;
              if (signals.wait_for(std::chrono::milliseconds(1))) return 1;
              ::raise(SIGTERM);
              return signals.wait_for(std::chrono::milliseconds(0)) == SIGTERM ? 2 : 3;
          }) == 2);
}

TEST_CASE("a second stop signal ends the process at once", "[signals]") {
    auto [second, code] = GENERATE(table<int, int>({{SIGTERM, 143}, {SIGINT, 130}}));
    CHECK(outcome_of([second = second] {
              StopSignals signals;
              ::raise(SIGTERM);
              ::raise(second);
              return 0;
          }) == code);
}

TEST_CASE("afterwards a stop signal ends the process as ever", "[signals]") {
    CHECK(outcome_of([] {
              { StopSignals signals; }
              ::raise(SIGTERM);
              return 0;
          }) == 1000 + SIGTERM);
}

TEST_CASE("a thread started without stop signals has them blocked, its starter has not", "[signals]") {
    sigset_t inside, after;
    {
        const WithoutStopSignals guard;
        pthread_sigmask(SIG_BLOCK, nullptr, &inside);
    }
    pthread_sigmask(SIG_BLOCK, nullptr, &after);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
        CHECK(sigismember(&inside, number) == 1);
        CHECK(sigismember(&after, number) == 0);
    }
}
