using OrleansServe.Engine.Sampling;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Sampling;

public sealed class SamplerTests
{
    private const int Draws = 20000;

    [Fact]
    public void Philox_PublishedVectors_Match()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), Philox.Draw(0, 0, 0, 0, 0, 0));
        Assert.Equal(
            (0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu),
            Philox.Draw(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue));
        Assert.Equal(
            (0xd16cfe09u, 0x94fdcceb, 0x5001e420u, 0x24126ea1u),
            Philox.Draw(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0));
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.5f)]
    [InlineData(2f)]
    public void Sample_Temperature_DrawsFromTheSoftmax(float temperature)
    {
        var logits = Logits(50, 1);
        Assert.InRange(ChiSquare(logits, new() { Temperature = temperature, Seed = 9 }, Probabilities(logits, temperature)), 0, 85.4);
    }

    [Fact]
    public void Sample_TopK_DrawsFromTheRenormalisedLikeliest()
    {
        var logits = Logits(50, 2);
        var expected = Probabilities(logits, 1);
        var kept = expected.OrderDescending().Take(8).ToArray();
        Keep(expected, p => p >= kept[^1]);
        Assert.InRange(ChiSquare(logits, new() { Temperature = 1, TopK = 8, Seed = 3 }, expected), 0, 24.4);
    }

    [Fact]
    public void Sample_TopP_DrawsFromTheSmallestSetThatReachesIt()
    {
        float[] logits = [MathF.Log(0.1f), MathF.Log(0.5f), MathF.Log(0.15f), MathF.Log(0.25f)];
        Assert.InRange(ChiSquare(logits, new() { Temperature = 1, TopP = 0.7f, Seed = 4 }, [0, 2 / 3.0, 0, 1 / 3.0]), 0, 10.9);
        Assert.InRange(ChiSquare(logits, new() { Temperature = 1, TopP = 0.8f, Seed = 4 }, [0, 0.5 / 0.9, 0.15 / 0.9, 0.25 / 0.9]), 0, 13.9);
        Assert.InRange(ChiSquare(logits, new() { Temperature = 1, TopP = 1e-6f, Seed = 4 }, [0, 1, 0, 0]), 0, 1e-9);
    }

    [Fact]
    public void Sample_TopPAfterTopK_CountsWhatTopKLeft()
    {
        // Of the two left by top-k the first has two thirds: enough for 0.6, which it would not be of the whole.
        float[] logits = [MathF.Log(0.5f), MathF.Log(0.25f), MathF.Log(0.15f), MathF.Log(0.1f)];
        Assert.InRange(ChiSquare(logits, new() { Temperature = 1, TopK = 2, TopP = 0.6f, Seed = 5 }, [1, 0, 0, 0]), 0, 1e-9);
    }

    [Fact]
    public void Sample_MinP_DropsTokensBelowTheShareOfTheLikeliest()
    {
        float[] logits = [MathF.Log(0.5f), MathF.Log(0.26f), MathF.Log(0.24f)];
        Assert.InRange(ChiSquare(logits, new() { Temperature = 1, MinP = 0.5f, Seed = 6 }, [0.5 / 0.76, 0.26 / 0.76, 0]), 0, 10.9);
    }

    [Fact]
    public void Sample_AnyFilters_AgreesWithSortingEverything()
    {
        var random = new Random(17);
        for (var round = 0; round < 400; round++)
        {
            var logits = Logits(random.Next(1, 3000), round);
            for (var i = 0; i < logits.Length; i++)
            {
                logits[i] *= 1 + (round % 9);
            }

            var parameters = new SamplingParameters
            {
                Temperature = 0.2f + (float)random.NextDouble(),
                TopK = random.Next(3) == 0 ? 0 : random.Next(1, 400),
                TopP = random.Next(3) == 0 ? 1 : 1 - (float)Math.Pow(10, -8 * random.NextDouble()),
                MinP = random.Next(2) == 0 ? 0 : (float)Math.Pow(10, -9 * random.NextDouble()),
                Seed = (ulong)round,
            };
            parameters = parameters.TopP > 0 ? parameters : new SamplingParameters { Temperature = 1, TopP = 0.5f };
            Assert.Equal(Naive(logits, parameters, round), new Sampler(logits.Length).Sample(logits, parameters, round));
        }
    }

    [Fact]
    public void Sample_SameSeedAndPosition_DrawsTheSame()
    {
        var logits = Logits(1000, 3);
        var parameters = new SamplingParameters { Temperature = 1, Seed = 77 };
        var used = new Sampler(1000);
        var tokens = Enumerable.Range(0, 50).Select(p => used.Sample(logits, parameters, p)).ToArray();
        Assert.Equal(tokens.Reverse(), Enumerable.Range(0, 50).Reverse().Select(p => new Sampler(1000).Sample(logits, parameters, p)));
        Assert.NotEqual(tokens, Enumerable.Range(0, 50).Select(p => used.Sample(logits, new() { Temperature = 1, Seed = 78 }, p)));
        Assert.NotEqual(tokens, Enumerable.Range(0, 50).Select(p => used.Sample(logits, new() { Temperature = 1, Seed = 77, SampleIndex = 1 }, p)));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-5f)]
    public void Sample_NoTemperature_TakesTheLargestWithTheLowestId(float temperature) =>
        Assert.Equal(1, new Sampler(4).Sample([0f, 3f, 1f, 3f], new() { Temperature = temperature }, 0));

    [Fact]
    public void Top_Ties_AreOrderedById()
    {
        var ids = new int[4];
        Sampler.Top([1f, 5f, 3f, 5f, 3f, 3f, -1f], ids);
        Assert.Equal([1, 3, 2, 4], ids);
    }

    [Fact]
    public void Normaliser_Logprobs_SumToOne()
    {
        var logits = Logits(5000, 8);
        var (max, logSum) = new Sampler(5000).Normaliser(logits);
        Assert.Equal(1.0, logits.Sum(l => Math.Exp(l - max - logSum)), 1e-6);
    }

    [Theory]
    [InlineData(float.NaN, 1f, 0, 0f, "temperature")]
    [InlineData(-1f, 1f, 0, 0f, "temperature")]
    [InlineData(float.PositiveInfinity, 1f, 0, 0f, "temperature")]
    [InlineData(1f, 0f, 0, 0f, "top_p")]
    [InlineData(1f, 1.1f, 0, 0f, "top_p")]
    [InlineData(1f, float.NaN, 0, 0f, "top_p")]
    [InlineData(1f, 1f, -1, 0f, "top_k")]
    [InlineData(1f, 1f, 0, -0.1f, "min_p")]
    [InlineData(1f, 1f, 0, float.NaN, "min_p")]
    public void FindFault_OutOfRange_NamesTheField(float temperature, float topP, int topK, float minP, string field) =>
        Assert.StartsWith(field, new SamplingParameters { Temperature = temperature, TopP = topP, TopK = topK, MinP = minP }.FindFault(100), StringComparison.Ordinal);

    private static int Naive(float[] logits, SamplingParameters p, int position)
    {
        var max = logits.Max(l => l * (1f / p.Temperature));
        var sorted = logits
            .Select((l, id) => (Id: id, Weight: OrleansServe.Kernels.Elementwise.Exponential.Scalar((l * (1f / p.Temperature)) - max)))
            .OrderByDescending(t => t.Weight).ThenBy(t => t.Id).ToList();
        if (p.TopK == 0 && p.TopP >= 1 && p.MinP <= 0)
        {
            sorted = [.. sorted.OrderBy(t => t.Id)];
        }

        sorted = p.TopK > 0 ? sorted[..Math.Min(p.TopK, sorted.Count)] : sorted;
        var enough = p.TopP * sorted.Sum(t => (double)t.Weight);
        var (kept, mass) = (0, 0.0);
        while (kept < sorted.Count && (kept == 0 || ((p.TopP >= 1 || mass < enough) && (p.MinP <= 0 || sorted[kept].Weight >= p.MinP))))
        {
            mass += sorted[kept++].Weight;
        }

        var target = Philox.Uniform(p.Seed, p.SampleIndex, position) * mass;
        return sorted.Take(kept).SkipWhile(t => (target -= t.Weight) >= 0).Append(sorted[kept - 1]).First().Id;
    }

    private static float[] Logits(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 6) - 3))];
    }

    private static double[] Probabilities(float[] logits, float temperature)
    {
        double[] p = [.. logits.Select(l => Math.Exp(l / temperature))];
        Keep(p, _ => true);
        return p;
    }

    private static void Keep(double[] p, Predicate<double> keep)
    {
        var sum = p.Where(v => keep(v)).Sum();
        for (var i = 0; i < p.Length; i++)
        {
            p[i] = keep(p[i]) ? p[i] / sum : 0;
        }
    }

    // A token that must not appear makes the statistic infinite.
    private static double ChiSquare(float[] logits, SamplingParameters parameters, double[] expected)
    {
        var sampler = new Sampler(logits.Length);
        var counts = new int[logits.Length];
        for (var position = 0; position < Draws; position++)
        {
            counts[sampler.Sample(logits, parameters, position)]++;
        }

        return counts.Zip(expected, (c, e) => e > 0 ? (c - (Draws * e)) * (c - (Draws * e)) / (Draws * e) : c > 0 ? double.PositiveInfinity : 0).Sum();
    }
}
