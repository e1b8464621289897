// SPDX-License-Identifier: Apache-2.0
#include "core/progress.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("a steady pace is known at once") {
  Pace pace;
  CHECK(pace.rate() == 0);
  for (int second = 1; second <= 100; ++second) {
    pace.reach(second, 7 * second);
    CHECK(pace.rate() == Approx(7));
  }
}

TEST_CASE("an estimate that is wrong by a factor of ten corrects itself") {
  // 1,000 units: 100 at 100 per second, the others at 10 per second.
  Pace pace;
  pace.reach(1, 100);
  const auto left = [&](int64_t done) { return static_cast<double>(1000 - done) / pace.rate(); };
  CHECK(left(100) == Approx(9));  // 90 s in truth
  for (int second = 2; second <= 91; ++second) {
    const int64_t done = 100 + 10 * (second - 1);
    pace.reach(second, done);
    const double truth = 91 - second;
    if (second >= 5 && truth > 0) CHECK(left(done) == Approx(truth).epsilon(.01));
  }
}

TEST_CASE("a line of progress tells its place in a longer task and the time of all of it") {
  const ScratchFolder scratch;
  ::setenv("NO_COLOR", "1", 1);  // plain lines, also by hand
  const std::string said = [&] {
    std::fflush(stderr);
    const int before = ::dup(STDERR_FILENO);
    const int file = ::open((scratch / "err").c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, STDERR_FILENO);
    {
      const WithinTask place("cell 5 of 21", 3600);
      Progress progress("gan Rare", 10, "steps", /*quiet_s=*/0);
      progress.advance(5);
    }
    Progress alone("pack", 10, "img", /*quiet_s=*/0);
    alone.advance(10);
    std::fflush(stderr);
    ::dup2(before, STDERR_FILENO);
    ::close(before);
    ::close(file);
    return read_file(scratch / "err");
  }();
  CHECK(contains(said, "cell 5 of 21, gan Rare 5/10 steps, "));
  CHECK(contains(said, "s left, 1 h 00 min left in all\n"));
  CHECK(contains(said, "\npack 10/10 img, "));
}
