// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/json.hpp"
#include "core/page/html.hpp"

namespace evenray {

/// The tables of a report, from a study's summary. What is missing in it leaves out rows or "-".

HtmlTable parts_table(const Json& summary);        ///< images by part and class
HtmlTable training_table(const Json& summary);     ///< training rows by arm, class and origin
HtmlTable metrics_table(const Json& summary);      ///< arms by metrics
HtmlTable differences_table(const Json& summary);  ///< pairs by metrics, with p
HtmlTable baselines_table(const Json& summary);    ///< AUROCs to hold the arms' against
HtmlTable generators_table(const Json& summary);   ///< quality of each generator
HtmlTable findings_table(const Json& summary);     ///< what the audit found, in plain words

}  // namespace evenray
