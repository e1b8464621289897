// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/page/html.hpp"
#include "gan/run_record.hpp"

namespace evenray {

/// The charts of a training's report; nullopt where the run has less than two points to draw.
std::optional<HtmlFigure> swd_figure(const RunRecord& run);
std::optional<HtmlFigure> loss_figure(const RunRecord& run);
std::optional<HtmlFigure> view_figure(const RunRecord& run);
std::optional<HtmlFigure> variety_figure(const RunRecord& run);
std::optional<HtmlFigure> memorised_figure(const RunRecord& run);
std::optional<HtmlFigure> strength_figure(const RunRecord& run);
std::optional<HtmlFigure> spectrum_figure(const RunRecord& run);

/// A PNG file as an image of the page of at most so many bytes: grey, and smaller where it would
/// take more. Throws 65 where it is damaged.
std::string page_image(const Path& png, size_t most_bytes, const std::string& alt);

/// At most `most` of the sheets, evenly spread over the run, the first and the last among them.
std::vector<SampleSheet> spread_sheets(const std::vector<SampleSheet>& sheets, size_t most);

}  // namespace evenray
