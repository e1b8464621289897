// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace evenray {

/// Returns the bytes of memory that this process may still use: what the machine has available, or
/// less if its control group (a container) has a limit.
uint64_t available_memory();

/// Sets how many bytes large pictures may take at a time, over all threads of the process. The
/// default is a quarter of available_memory() at the first use.
void set_picture_memory(uint64_t bytes);

/// A share of that memory. Whoever holds one must not wait for somebody who needs one.
class PictureMemory {
 public:
  /// Waits, in the order of arrival, until the bytes are free. More than there are altogether are
  /// given when nobody else has any.
  explicit PictureMemory(uint64_t bytes);
  ~PictureMemory();
  PictureMemory(const PictureMemory&) = delete;
  PictureMemory& operator=(const PictureMemory&) = delete;

 private:
  uint64_t bytes_;
};

}  // namespace evenray
