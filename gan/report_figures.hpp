// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/page/html.hpp"
#include "gan/run_record.hpp"

namespace evenray {

/// The charts and images of a training's report. Internal to gan. Each of these functions returns
/// one chart; nullopt if the run has fewer than two points to draw.
std::optional<HtmlFigure> swd_figure(const RunRecord& run);
std::optional<HtmlFigure> loss_figure(const RunRecord& run);
std::optional<HtmlFigure> view_figure(const RunRecord& run);
std::optional<HtmlFigure> variety_figure(const RunRecord& run);
std::optional<HtmlFigure> memorised_figure(const RunRecord& run);
std::optional<HtmlFigure> strength_figure(const RunRecord& run);
std::optional<HtmlFigure> spectrum_figure(const RunRecord& run);

/// Returns the HTML of a PNG file's image, as an 8-bit grey PNG of at most `most_bytes` bytes; the
/// image is shrunk until it fits, but not below 64 px. Throws 65 if the file is damaged.
std::string page_image(const Path& png, size_t most_bytes, const std::string& alt);

/// Returns at most `most` of the sheets, evenly spread over the run, with the first and the last.
std::vector<SampleSheet> spread_sheets(const std::vector<SampleSheet>& sheets, size_t most);

}  // namespace evenray
