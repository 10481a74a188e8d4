using System.Text;
using System.Text.Json.Nodes;
using OrleansServe.Policies.Pricing;
using OrleansServe.Simulation.Scenarios;
using Xunit;

namespace OrleansServe.UnitTests.Simulation;

public sealed class ScenarioReaderTests
{
    [Fact]
    public void ReadDefault_PrintedTotals_EarnWhatWasPrinted()
    {
        Scenario day = ScenarioReader.ReadDefault();

        Assert.InRange(day.Prices.Of(new TokenCounts(day.CachedTokens, day.InputTokens - day.CachedTokens, day.OutputTokens, Reasoning: 0)), 562_026.99m, 562_027.01m);
        Assert.InRange(day.InputTokens, 607_500_000_000, 608_500_000_000);
        Assert.InRange(day.OutputTokens, 167_500_000_000, 168_500_000_000);
        Assert.Equal((4, 84446, 18, 16708), (day.Prefill.Nodes, day.Prefill.Capacity, day.Decode.Nodes, day.Decode.Capacity));
        Assert.Equal(12, day.PrintedNodes.Count);

        // Prompt and half of the answer are what a token attends to on average.
        double prompt = (double)day.InputTokens / day.Requests;
        double answer = (double)day.OutputTokens / day.Requests;
        Assert.InRange(prompt + (answer / 2), 4988, 4990);
    }

    [Fact]
    public void Read_WithoutCapacities_InfersThoseOfTheFile()
    {
        Scenario day = ScenarioText.Default().Without("inferred").Read();

        // The file worked with the rounded totals.
        Assert.InRange(day.Prefill.Capacity / 84446, 0.9995, 1.0005);
        Assert.InRange(day.Decode.Capacity / 16708, 0.9995, 1.0005);
    }

    [Fact]
    public void Read_OtherPricesThanThePrintedIncome_KeepsTheTotals()
    {
        Scenario day = ScenarioText.Default().With("printed.price_usd_per_million.output", 4.38m).Read();

        Assert.Equal((608_000_000_000, 168_000_000_000), (day.InputTokens, day.OutputTokens));
    }

    [Theory]
    [InlineData(278, 29, 9)]
    [InlineData(188, 20, 6)]
    [InlineData(68, 8, 2)]
    [InlineData(23, 1, 1)]
    [InlineData(21, 0, 0)]
    public void Split_NodesOfTheCurve_AreWholeUnitsOfBothRoles(int nodes, int prefill, int decode) =>
        Assert.Equal(new UnitSplit(prefill, decode), UnitSplit.Of(nodes, 4, 18, 110.5, 154.3));

    [Theory]
    [InlineData("printed.gpus_per_node", "0", "printed.gpus_per_node must be a whole number from 1 to 1024, is 0")]
    [InlineData("printed.gpu_hour_usd", "-2", "printed.gpu_hour_usd must be an amount from 0 to 1000000, is -2")]
    [InlineData("printed.gpu_hour_usd", "\"2\"", "printed.gpu_hour_usd must be an amount from 0 to 1000000, is \"2\"")]
    [InlineData("printed.prefill_unit_nodes", "4.5", "printed.prefill_unit_nodes must be a whole number from 1 to 100000, is 4.5")]
    [InlineData("printed.decode_unit_nodes", "1e300", "printed.decode_unit_nodes must be a whole number from 1 to 100000, is 1e300")]
    [InlineData("printed.input_tokens", "-1", "printed.input_tokens must be a whole number from 0 to 1000000000000000, is -1")]
    [InlineData("printed.input_tokens_cache_hit", "609e9", "printed.input_tokens_cache_hit must be at most printed.input_tokens 608000000000, is 609000000000")]
    [InlineData("printed.price_usd_per_million.output", "1e9", "printed.price_usd_per_million.output must be an amount from 0 to 1000000, is 1e9")]
    [InlineData("printed.output_tokens_per_second_per_user", "[20]", "printed.output_tokens_per_second_per_user must be an array of 2 elements, has 1")]
    [InlineData("printed", "7", "printed must be an object, is 7")]
    [InlineData("hourly_theoretical_revenue_usd", "[1, 2]", "hourly_theoretical_revenue_usd must be an array of 24 elements, has 2")]
    [InlineData("hourly_theoretical_revenue_usd", "[1,2,3,4,5,6,7,8,9,10,11,-12,13,14,15,16,17,18,19,20,21,22,23,24]", "hourly_theoretical_revenue_usd[11] must be a number from 0 to 1000000000000, is -12")]
    [InlineData("hourly_theoretical_revenue_usd", "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "hourly_theoretical_revenue_usd must be above 0 in some hour while there are tokens, is 0 in all")]
    [InlineData("node_count_steps", "[{\"hour\":1,\"nodes\":5}]", "node_count_steps[0].hour must be 0, is 1")]
    [InlineData("node_count_steps", "[{\"hour\":0,\"nodes\":5},{\"hour\":0,\"nodes\":6}]", "node_count_steps[1].hour must be above the 0 before it, is 0")]
    [InlineData("node_count_steps", "[{\"hour\":0,\"nodes\":-5}]", "node_count_steps[0].nodes must be a whole number from 0 to 100000, is -5")]
    [InlineData("node_count_steps", "[{\"hour\":0,\"nodes\":5,\"local\":\"noon\"}]", "node_count_steps[0].local must be a time as 07:30, is noon")]
    [InlineData("simulation.start_up_seconds", "-1", "simulation.start_up_seconds must be a number from 0 to 21600, is -1")]
    [InlineData("simulation.demand", "\"wavy\"", "simulation.demand must be interpolated or hourly, is wavy")]
    [InlineData("simulation.gpu_hour_prices", "[{\"from\":\"01:00\",\"to\":\"03:00\",\"usd\":-1}]", "simulation.gpu_hour_prices[0].usd must be an amount from 0 to 1000000, is -1")]
    [InlineData("simulation.gpu_hour_prices", "[{\"from\":\"01:00\",\"to\":\"03:00\",\"usd\":1},{\"from\":\"02:00\",\"to\":\"04:00\",\"usd\":1}]", "simulation.gpu_hour_prices Prices[0] 01:00-03:00 and Prices[1] 02:00-04:00 overlap")]
    [InlineData("simulation.start", "\"yesterday\"", "simulation.start must be a time from 1971 to 2199 as 2025-02-27T12:00+08:00, is yesterday")]
    public void Read_FaultyField_NamesFieldLimitAndValue(string path, string value, string fault)
    {
        ScenarioException exception = Assert.Throws<ScenarioException>(() => ScenarioText.Default().With(path, JsonNode.Parse(value)).Read());

        Assert.Contains(fault, exception.Faults);
    }

    [Fact]
    public void Read_UnknownSetting_IsRefusedWithTheKnownOnes()
    {
        ScenarioException exception = Assert.Throws<ScenarioException>(() => ScenarioText.Default().With("simulation.start_up_minutes", 10).Read());

        Assert.StartsWith("simulation has no field start_up_minutes; it has ", Assert.Single(exception.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralFaults_ListsThemAll()
    {
        ScenarioException exception = Assert.Throws<ScenarioException>(
            () => ScenarioText.Default().With("printed.gpus_per_node", 0).Without("printed.gpu_hour_usd").With("simulation.seed", -1).Read());

        Assert.Equal(3, exception.Faults.Count);
        Assert.Contains("printed.gpu_hour_usd is missing", exception.Faults);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"title\":1,")]
    [InlineData("{\"title\":\"a\",\"title\":\"b\"}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    public void Read_NoScenario_IsRefused(string json) =>
        Assert.Throws<ScenarioException>(() => ScenarioReader.Read(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Read_RandomlyDamagedText_IsReadOrRefused(int seed)
    {
        Random random = new(seed);
        byte[] original = Encoding.UTF8.GetBytes(ScenarioText.Default().ToJsonString());
        int refused = 0;
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = [.. original];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)"0123456789-+.eE{}[],:\"\\n"[random.Next(24)];
            }

            try
            {
                ScenarioReader.Read(damaged);
            }
            catch (ScenarioException exception)
            {
                refused++;
                Assert.NotEmpty(exception.Faults);
            }
        }

        Assert.InRange(refused, 1, 1999);
    }
}
