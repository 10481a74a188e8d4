using System.Globalization;
using System.Text;
using Prometheus;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>Reads counters as a scraper sees them.</summary>
internal static class MetricText
{
    /// <summary>The sum of a metric over all its labels.</summary>
    public static async Task<double> SumAsync(CollectorRegistry metrics, string name)
    {
        using MemoryStream text = new();
        await metrics.CollectAndExportAsTextAsync(text);
        string[] lines = [.. Encoding.UTF8.GetString(text.ToArray()).Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal))];
        Xunit.Assert.NotEmpty(lines);
        return lines.Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
    }
}
