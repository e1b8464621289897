// SPDX-License-Identifier: Apache-2.0
#include "results/tensorboard.hpp"

#include "tests/fixture.hpp"
#include "tests/torch_catch.hpp"

using namespace evenray;

TEST_CASE("CRC-32C: its check value, and those of RFC 3720") {
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(crc32c("") == 0);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43);
}

TEST_CASE("a record is length, masked checksum, data, masked checksum") {
  // The first record of every file: Event(file_version="brain.Event:2").
  const std::string data =
      "\x1A\x0D"
      "brain.Event:2";
  const std::string record = tf_record(data);
  CHECK(record ==
        std::string("\x0F\0\0\0\0\0\0\0", 8) + "\x6D\x53\x2B\x09" + data + "\xFC\x98\x51\x29");
  CHECK(tensorboard_file({}) == record);
  CHECK(tensorboard_file({{7, {}}}) == record);
}

TEST_CASE("a TensorBoard file has the bytes that the package tensorboard writes") {
  const Path path = golden_path("results/events.jsonl");
  const auto events = parse_run_events(read_file(path), path);
  CHECK(tensorboard_file(events) == read_file(golden_path("results/events.tfevents")));
}
