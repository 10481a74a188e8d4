using System.Globalization;
using Prometheus;
using Xunit;

namespace OrleansServe.PackageTests.Prometheus;

public sealed class DotNetStatsTests
{
    [Fact]
    public async Task Register_Collected_PublishesTheProcess()
    {
        CollectorRegistry registry = Metrics.NewCustomRegistry();

        DotNetStats.Register(registry);

        Dictionary<string, double> samples = (await registry.AsTextAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
        Assert.InRange(samples["process_cpu_seconds_total"], double.Epsilon, double.MaxValue);
        Assert.InRange(samples["process_working_set_bytes"], 1 << 20, double.MaxValue);
        Assert.InRange(samples["process_num_threads"], 1, double.MaxValue);
        Assert.InRange(samples["process_start_time_seconds"], 1_500_000_000, double.MaxValue);
        Assert.True(samples["dotnet_collection_count_total{generation=\"0\"}"] >= samples["dotnet_collection_count_total{generation=\"2\"}"]);
    }
}
