using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Sampling;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.UnitTests.Engine;
using OrleansServe.UnitTests.Engine.Moe;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>However experts are divided and however rows travel: tokens and the bits of log-probabilities and logits are those of an engine that holds all experts.</summary>
public sealed class ExpertParallelTests(NanoModels models) : IClassFixture<NanoModels>
{
    private const int Steps = 10;

    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            TheoryData<string, string, bool> data = [];
            foreach ((string model, string plan) in NanoModels.Cases)
            {
                data.Add(model, plan, false);
                data.Add(model, plan, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Generate_ExpertsOnShards_GivesTheTokensAndBitsOfLocalExperts(string model, string plan, bool tcp)
    {
        using Checkpoint checkpoint = Checkpoint.Open(models.Of(model));
        using ModelWeights weights = ModelWeights.Load(checkpoint);
        using EngineDriver alone = new(weights);
        await using ExpertParallelRig rig = new(models.Of(model), NanoModels.Plans[plan], tcp);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);

        List<(int Token, int Logprob, int Logit)> expected = Generate(alone);
        Assert.Equal(expected, Generate(spread));
        Assert.All(rig.Rows, rows => Assert.True(rows > 0));
        Assert.True(expected.Select(token => token.Token).Distinct().Count() > Steps);
    }

    [Theory]
    [InlineData(ExpertRowFormat.Exact, false)]
    [InlineData(ExpertRowFormat.Exact, true)]
    [InlineData(ExpertRowFormat.Float8, false)]
    [InlineData(ExpertRowFormat.Float8, true)]
    public async Task Generate_TwoMicrobatchesInFlight_GivesTheTokensAndBitsOfLocalExperts(ExpertRowFormat format, bool tcp)
    {
        (string model, string plan) = NanoModels.Cases.First();
        using Checkpoint checkpoint = Checkpoint.Open(models.Of(model));
        using ModelWeights weights = ModelWeights.Load(checkpoint);
        using EngineDriver alone = new(weights, rows: format);
        await using ExpertParallelRig rig = new(models.Of(model), NanoModels.Plans[plan], tcp);
        CountedDispatcher second = new(rig.Second);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher, second: second, rows: format);

        Assert.Equal(Generate(alone), Generate(spread));
        Assert.True(second.Begun > 0);
    }

    /// <summary>Three requests, one greedy and two that draw, which join the batch one after another.</summary>
    private static List<(int Token, int Logprob, int Logit)> Generate(EngineDriver driver)
    {
        List<(int Token, int Logprob, int Logit)> seen = [];
        TestSequence[] sequences =
        [
            new(Prompt(40, 1), 0, 1),
            new(Prompt(7, 2), 2, 3) { Sampling = new SamplingParameters { Temperature = 1.3f, TopP = 0.95f, Seed = 42 } },
            new(Prompt(65, 3), 4, 5) { Sampling = new SamplingParameters { Temperature = 0.8f, Seed = 7 } },
        ];
        for (int step = 0; step < Steps; step++)
        {
            TestSequence[] batch = sequences[..Math.Min(step + 1, sequences.Length)];
            driver.Run([.. batch.Select(sequence => sequence.Next(sequence.Pending))]);
            for (int i = 0; i < batch.Length; i++)
            {
                Assert.Null(driver.Result[i].Error);
                SampledToken token = driver.Result.Token(i, 0);
                int[] logits = [.. driver.Result.Logits(i, 0).ToArray().Select(BitConverter.SingleToInt32Bits)];
                seen.Add((token.Token, BitConverter.SingleToInt32Bits(token.Logprob), logits.Aggregate(17, HashCode.Combine)));
                batch[i].Cached = batch[i].Tokens.Count;
                batch[i].Tokens.Add(token.Token);
            }
        }

        return seen;
    }

    private sealed class CountedDispatcher(IExpertDispatcher next) : IExpertDispatcher
    {
        public int Begun { get; private set; }

        public bool IsAway => next.IsAway;

        public void Begin(in ExpertWork work)
        {
            Begun++;
            next.Begin(work);
        }

        public void ComputeLocal() => next.ComputeLocal();

        public void Complete() => next.Complete();
    }

    private static IEnumerable<int> Prompt(int length, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(10, 250))];
    }
}
