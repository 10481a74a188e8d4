using OrleansServe.Policies.Scaling;
using OrleansServe.Silo.Options;

using OrleansServe.UnitTests.Model;

using Xunit;

namespace OrleansServe.UnitTests.Silo;

public sealed class ScalingFileTests
{
    [Fact]
    public void Read_WholeFile_IsRead()
    {
        ScalingOptions options = Read("""
            {
              "time_zone": "+08:00", "gpus_per_node": 4, "gpu_hour_usd": 2.10, "kv_use": 0.9, "decision_seconds": 30, "largest_scale_in": 0.5,
              "prefill": { "nodes_per_unit": 4, "minimum": 1, "maximum": 9, "step": 2, "tokens_per_second": 1000.5 },
              "batch": { "deferral_seconds": 3600 },
              "prices": [ { "from": "00:30", "to": "08:30", "gpu_hour_usd": 1 } ],
              "schedule": [ { "name": "peak", "days": ["Monday"], "from": "08:00", "to": "20:00", "prefill_minimum": 3 } ]
            }
            """);

        Assert.Equal(("+08:00", 4, 2.10m, TimeSpan.FromSeconds(30)), (options.TimeZone, options.GpusPerNode, options.GpuHourPrice, options.DecisionInterval));
        Assert.Equal(new RoleScaling { NodesPerUnit = 4, Minimum = 1, Maximum = 9, Step = 2, InitialCapacity = 1000.5 }, options.Prefill);
        Assert.Equal((new RoleScaling(), TimeSpan.FromHours(1)), (options.Decode, options.Batch.Deferral));
        Assert.Equal(new PriceWindow(new TimeOnly(0, 30), new TimeOnly(8, 30), 1), Assert.Single(options.Prices));
        ScheduleWindow window = Assert.Single(options.Schedule);
        Assert.Equal(("peak", 3, null), (window.Name, window.PrefillMinimum, window.PrefillMaximum));
        Assert.Equal([DayOfWeek.Monday], window.Days);
    }

    [Theory]
    [InlineData("[]", "must be an object")]
    [InlineData("""{"kubernetes":{"server":"http://10.0.0.1"}}""", "kubernetes.server must be https")]
    [InlineData("""{"kubernetes":{"server":"ftp://x"}}""", "kubernetes.server must be an address")]
    [InlineData("""{"kubernetes":{"decode_set":"../x"}}""", "kubernetes.decode_set must be a name")]
    [InlineData("""{"kubernetes":{"lent_label":"x"}}""", "kubernetes.lent_label must be key=value")]
    [InlineData("{", "scaling.json: ")]
    [InlineData("""{"minimum":1}""", "minimum: no such field")]
    [InlineData("""{"prefill":{"min":1}}""", "prefill.min: no such field")]
    [InlineData("""{"prefill":3}""", "prefill must be an object, is 3")]
    [InlineData("""{"prefill":{"minimum":1.5}}""", "prefill.minimum must be a whole number, is 1.5")]
    [InlineData("""{"kv_use":1e999}""", "kv_use must be a number, is 1e999")]
    [InlineData("""{"start_up_seconds":-1}""", "start_up_seconds must be seconds")]
    [InlineData("""{"schedule":[{"from":"25:00"}]}""", "schedule[0].to is missing")]
    [InlineData("""{"schedule":[{"from":"25:00"}]}""", "schedule[0].from must be a time as 16:30, is \"25:00\"")]
    [InlineData("""{"prefill":{"minimum":5,"maximum":2},"time_zone":"Nowhere","gpu_hour_usd":-1}""", "Prefill.Minimum must be at most")]
    [InlineData("""{"prefill":{"minimum":5,"maximum":2},"time_zone":"Nowhere","gpu_hour_usd":-1}""", "TimeZone must be")]
    [InlineData("""{"prefill":{"minimum":5,"maximum":2},"time_zone":"Nowhere","gpu_hour_usd":-1,"step":"x"}""", "GpuHourPrice must be")]
    [InlineData("""{"prefill":{"minimum":5,"maximum":2},"time_zone":"Nowhere","gpu_hour_usd":-1,"step":"x"}""", "step: no such field")]
    public void Read_SomethingElse_SaysWhatAndWhere(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_FleetWithoutScaling_IsRefused() => Assert.Contains(
        "--fleet needs --scaling",
        Assert.Throws<SiloOptionsException>(() => new SiloOptionsReader().AddArguments(["--fleet", "dry-run"]).Read(new SiloOptions { Model = "m" })).Message,
        StringComparison.Ordinal);

    private static ScalingOptions Read(string text)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("scaling.json"), text);
        return ScalingFile.Read(folder.File("scaling.json"), new FleetOptions()).Scaling!;
    }
}
