using System.Text;
using System.Text.RegularExpressions;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Ledgers;
using OrleansServe.Grains.Instruments;
using OrleansServe.Silo.DataPlane;
using OrleansServe.Silo.Hosting;
using OrleansServe.UnitTests.Engine;
using Prometheus;
using Xunit;

namespace OrleansServe.UnitTests.Documentation;

/// <summary>docs/metrics.md lists what a silo publishes, no more and no less.</summary>
public sealed partial class MetricsPageTests
{
    [Fact]
    public async Task Page_EveryMetric_IsListedWithItsTypeAndLabels() =>
        Assert.Equal(await PublishedAsync(), Documented());

    private static string[] Documented() =>
        [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "metrics.md"))
            .Select(line => Row().Match(line))
            .Where(row => row.Success)
            .Select(row => $"{row.Groups["name"].Value} {row.Groups["type"].Value} {row.Groups["labels"].Value.Replace("`", "", StringComparison.Ordinal).Trim()}")
            .Order(StringComparer.Ordinal)];

    /// <summary>What the registry exports once every series has been touched.</summary>
    private static async Task<string[]> PublishedAsync()
    {
        CollectorRegistry registry = Prometheus.Metrics.NewCustomRegistry();
        MetricFactory factory = Prometheus.Metrics.WithCustomRegistry(registry);
        DotNetStats.Register(registry);
        WorkerId id = new("n", "d");
        WorkerMetrics workers = new(factory);
        workers.ForWorker(id, WorkerRole.Decode).Load(new WorkerLoad(0, 0, 0, 0, 0, 0, 0, 0));
        workers.ForExpertShard(id, [1]).Batch(1, TimeSpan.Zero, 0);
        workers.ForDispatcher(id, WorkerRole.Decode).Dispatched(TimeSpan.Zero, 0, 0);
        ExpertPlanMetrics plans = new(factory);
        plans.Published("m", 1, 0);
        plans.Balance("m", [1], [[1]], [[1]]);
        workers.ModelRead("n", 0, 0);
        SchedulerMetrics scheduler = new(factory);
        scheduler.Begin("m");
        scheduler.End("m");
        new DataPlaneMetrics(factory, "n").Publish(default);
        BuildInfo.Publish(factory, "n", "m", "w", "r");
        _ = new GatewayMetrics(factory, "m");
        FleetMetrics fleet = new(factory);
        fleet.Begin();
        fleet.Decided(WorkerRole.Decode, 1, 2, seen: true);
        fleet.Serving(WorkerRole.Decode, 1);
        UsageMetrics usage = new(factory);
        usage.HourCost.WithLabels("m").Set(0);
        usage.HourIncome.WithLabels("m").Set(0);
        usage.Cost.WithLabels("m");
        usage.Income.WithLabels("m");
        usage.Margin.WithLabels("m");

        using MemoryStream text = new();
        await registry.CollectAndExportAsTextAsync(text);
        string[] lines = Encoding.UTF8.GetString(text.ToArray()).Split('\n');
        return [.. lines
            .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(line => line.Split(' '))
            .Select(type => $"{type[2]} {type[3]} {LabelsOf(type[2], type[3], lines)}")
            .Order(StringComparer.Ordinal)];
    }

    private static string LabelsOf(string name, string type, string[] lines)
    {
        string series = type == "histogram" ? name + "_count" : name;
        return Assert.Single(lines
            .Where(line => line.StartsWith(series + "{", StringComparison.Ordinal) || line.StartsWith(series + " ", StringComparison.Ordinal))
            .Select(line => string.Join(", ", Label().Matches(line).Select(label => label.Groups["name"].Value)))
            .Distinct());
    }

    [GeneratedRegex("""^\| `(?<name>\w+)` \| (?<type>\w+) \|(?<labels>[^|]*)\|""")]
    private static partial Regex Row();

    [GeneratedRegex("""(?<name>\w+)="[^"]*"[,}]""")]
    private static partial Regex Label();
}
