using OrleansServe.Policies.Pricing;
using OrleansServe.Silo.Options;

using OrleansServe.UnitTests.Model;

using Xunit;

namespace OrleansServe.UnitTests.Silo;

public sealed class PriceFileTests
{
    [Fact]
    public void Read_WholeList_IsReadExactly()
    {
        PriceList list = Read("""
            {
              "time_zone": "+08:00", "gpu_hour_usd": 2.00, "gpus_per_node": 8,
              "models": [
                { "model": "r1", "input_cache_hit": 0.14, "input_cache_miss": 0.55, "output": 2.19,
                  "off_peak": [ { "from": "00:30", "to": "08:30", "discount": 0.75, "days": ["Monday"] } ] },
                { "input_cache_hit": 0, "input_cache_miss": 0, "output": 0 }
              ]
            }
            """);

        Assert.Equal(("+08:00", 2.00m, 8), (list.TimeZone, list.GpuHourPrice, list.GpusPerNode));
        Assert.Equal(["r1", PriceList.AnyModel], list.Models.Select(model => model.Model));
        Assert.Equal(new TokenPrices(0.14m, 0.55m, 2.19m), list.Models[0].Usual);
        OffPeakWindow window = Assert.Single(list.Models[0].OffPeak);
        Assert.Equal((new TimeOnly(0, 30), new TimeOnly(8, 30), 0.75m), (window.From, window.To, window.Discount));
        Assert.Equal([DayOfWeek.Monday], window.Days);
    }

    [Theory]
    [InlineData("[]", "must be an object")]
    [InlineData("{", "prices.json: ")]
    [InlineData("{\"gpu_price\":1}", "no such field 'gpu_price'")]
    [InlineData("{\"gpu_hour_usd\":\"2\"}", "gpu_hour_usd must be a decimal number, is \"2\"")]
    [InlineData("{\"gpu_hour_usd\":1e99}", "gpu_hour_usd must be a decimal number, is 1e99")]
    [InlineData("{\"gpus_per_node\":1.5}", "gpus_per_node must be a whole number, is 1.5")]
    [InlineData("{\"models\":{}}", "models must be an array, is {}")]
    [InlineData("{\"models\":[7]}", "models[0]: must be an object")]
    [InlineData("{\"models\":[{\"output\":1}]}", "models[0]: input_cache_hit is missing")]
    [InlineData("{\"models\":[{\"input_cache_hit\":1,\"input_cache_miss\":1,\"output\":1,\"off_peak\":[{\"from\":\"25:00\",\"to\":\"1:00\",\"discount\":0}]}]}", "off_peak[0]: from must be a time as 16:30, is \"25:00\"")]
    [InlineData("{\"models\":[{\"input_cache_hit\":1,\"input_cache_miss\":1,\"output\":1,\"off_peak\":[{\"from\":\"01:00\",\"to\":\"02:00\",\"discount\":0,\"days\":[\"Mo\"]}]}]}", "days must be days as Monday, is \"Mo\"")]
    [InlineData("{\"gpu_hour_usd\":-1,\"time_zone\":\"Nowhere\"}", "TimeZone must be")]
    [InlineData("{\"gpu_hour_usd\":-1,\"time_zone\":\"Nowhere\"}", "GpuHourPrice must be")]
    public void Read_SomethingElse_SaysWhatAndWhere(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_NoFile_IsSaid() => Assert.Throws<FormatException>(() => PriceFile.Read("/nowhere/prices.json"));

    private static PriceList Read(string text)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("prices.json"), text);
        return PriceFile.Read(folder.File("prices.json"));
    }
}
