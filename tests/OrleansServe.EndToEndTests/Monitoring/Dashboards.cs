using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansServe.TestKit;

namespace OrleansServe.EndToEndTests.Monitoring;

/// <summary>The dashboards' files, and what they ask Prometheus.</summary>
internal static partial class Dashboards
{
    public static IReadOnlyDictionary<string, JsonElement> All { get; } = Directory
        .GetFiles(RepositoryPaths.InRoot("k8s", "grafana"), "*.json")
        .Order(StringComparer.Ordinal)
        .ToDictionary(file => Path.GetFileName(file), file => JsonDocument.Parse(File.ReadAllText(file)).RootElement.Clone());

    /// <summary>Panels that show something; rows are only headings.</summary>
    public static IEnumerable<JsonElement> PanelsOf(JsonElement dashboard) =>
        dashboard.GetProperty("panels").EnumerateArray().Where(panel => panel.GetProperty("type").GetString() != "row");

    /// <summary>Every query of every panel and variable, as Grafana sends it with everything chosen.</summary>
    public static IEnumerable<(string Where, string Expression)> Queries() =>
        from dashboard in All
        from query in PanelsOf(dashboard.Value).SelectMany(QueriesOf).Concat(VariablesOf(dashboard.Value))
        select ($"{dashboard.Key}: {query.Where}", query.Expression);

    private static IEnumerable<(string Where, string Expression)> QueriesOf(JsonElement panel) =>
        panel.GetProperty("targets").EnumerateArray().Select(target => (
            panel.GetProperty("title").GetString()!,
            Variable().Replace(target.GetProperty("expr").GetString()!, match => match.Value == "$__rate_interval" ? "1m" : ".*")));

    private static IEnumerable<(string Where, string Expression)> VariablesOf(JsonElement dashboard) =>
        from variable in dashboard.GetProperty("templating").GetProperty("list").EnumerateArray()
        where variable.GetProperty("type").GetString() == "query"
        let values = LabelValues().Match(variable.GetProperty("definition").GetString()!)
        select ($"variable {variable.GetProperty("name").GetString()}", $"group by ({values.Groups["label"].Value}) ({values.Groups["metric"].Value})");

    [GeneratedRegex(@"\$\w+")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^label_values\((?<metric>\w+), (?<label>\w+)\)$")]
    private static partial Regex LabelValues();
}
