using OrleansServe.Engine.Sampling;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Sampling;

/// <summary>Draws with penalties, bias and masks follow the softmax of the adjusted logits.</summary>
public sealed class AdjustedDrawTests
{
    private const int Draws = 20000;
    private const int Vocabulary = 30;

    // 0.1 % points of chi-square, by degrees of freedom.
    private static readonly Dictionary<int, double> Critical = new() { [7] = 24.32, [23] = 49.73, [27] = 55.48, [29] = 58.30 };

    public static TheoryData<string> Cases => ["repetition", "frequency", "presence", "bias", "all", "min_tokens", "limit", "all, top-k"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sample_Adjusted_DrawsFromTheSoftmaxOfTheAdjustedLogits(string name)
    {
        var parameters = Case(name);
        var random = new Random(5);
        var logits = Enumerable.Range(0, Vocabulary).Select(_ => (float)((random.NextDouble() * 3) - 1.5)).ToArray();
        int[] history = [.. Enumerable.Range(0, 40).Select(_ => random.Next(12))];
        var expected = Softmax(Penalties.Adjust(logits, parameters, history), parameters.Temperature, parameters.TopK);
        var sampler = new Sampler(Vocabulary);
        var counts = new int[Vocabulary];
        for (var draw = 0; draw < Draws; draw++)
        {
            // The seed stands for the position, which the history fixes here.
            counts[sampler.Sample(logits, WithSeed(parameters, (ulong)draw), history.Length, new TokenHistory(history, []))]++;
        }

        Assert.InRange(ChiSquare(counts, expected), 0, Critical[expected.Count(p => p > 0) - 1]);

        // The test can tell: draws from the raw logits' softmax would not pass.
        Assert.False(ChiSquare(counts, Softmax(logits, parameters.Temperature, 0)) < Critical[Vocabulary - 1]);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Sample_HeldBackTokens_AreNeverDrawn(float temperature)
    {
        float[] logits = [0, 50, 60, 40, 70];
        var parameters = new SamplingParameters { Temperature = temperature, MinTokens = 100, StopTokens = [1, 2], TokenLimit = 4, TopK = 5 };
        for (var position = 0; position < 100; position++)
        {
            Assert.Equal(3, new Sampler(5).Sample(logits, parameters, position));
        }
    }

    [Fact]
    public void Sample_LogitsBeyondTheLargestNumber_TakesTheLargest() =>
        Assert.Equal(1, new Sampler(3).Sample([1e37f, 2e37f, -1e37f], new SamplingParameters { Temperature = 0.001f }, 0));

    private static SamplingParameters Case(string name) => name switch
    {
        "repetition" => new() { Temperature = 1, RepetitionPenalty = 1.8f, PromptTokens = 20 },
        "frequency" => new() { Temperature = 1, FrequencyPenalty = 0.6f, PromptTokens = 20 },
        "presence" => new() { Temperature = 1, PresencePenalty = 1.5f, PromptTokens = 20 },
        "bias" => new() { Temperature = 1, LogitBias = [new(3, 2f), new(29, -2f)] },
        "all" => new() { Temperature = 1.3f, RepetitionPenalty = 1.3f, FrequencyPenalty = 0.2f, PresencePenalty = 0.4f, LogitBias = [new(3, 2f)], PromptTokens = 15 },
        "min_tokens" => new() { Temperature = 1, MinTokens = 30, StopTokens = [4, 5], PromptTokens = 15 },
        "limit" => new() { Temperature = 1, TokenLimit = 24 },
        "all, top-k" => new() { Temperature = 1, TopK = 8, RepetitionPenalty = 1.3f, FrequencyPenalty = 0.2f, LogitBias = [new(3, 2f)], PromptTokens = 15 },
        _ => throw new ArgumentException(name),
    };

    private static SamplingParameters WithSeed(SamplingParameters p, ulong seed) => new()
    {
        Temperature = p.Temperature,
        TopK = p.TopK,
        RepetitionPenalty = p.RepetitionPenalty,
        FrequencyPenalty = p.FrequencyPenalty,
        PresencePenalty = p.PresencePenalty,
        LogitBias = p.LogitBias,
        MinTokens = p.MinTokens,
        StopTokens = p.StopTokens,
        TokenLimit = p.TokenLimit,
        PromptTokens = p.PromptTokens,
        Seed = seed,
    };

    private static double[] Softmax(float[] logits, double temperature, int topK)
    {
        var least = topK == 0 ? double.NegativeInfinity : logits.OrderDescending().ElementAt(topK - 1);
        double[] weights = [.. logits.Select(l => l >= least ? Math.Exp(l / temperature) : 0)];
        var sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }

    private static double ChiSquare(int[] counts, double[] expected) =>
        counts.Zip(expected, (c, e) => e > 0 ? (c - (Draws * e)) * (c - (Draws * e)) / (Draws * e) : c > 0 ? double.PositiveInfinity : 0).Sum();
}
