using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;
using OrleansServe.Engine.Sampling;
using OrleansServe.Engine.Weights;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Speculation;

/// <summary>Drafts change how fast tokens come, never which: tokens and log-probabilities are compared bit for bit with plain decoding.</summary>
public sealed class SpeculationTests
{
    private const int Streams = 5;
    private const int Blocks = 40;
    private const int Budget = 96;

    public static TheoryData<string, int> Schedules
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var model in (string[])["v3-tiny", "v3-fp8-tiny", "tiny-r1"])
            {
                for (var seed = 0; seed < 8; seed++)
                {
                    data.Add(model, seed);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void Draft_AnyDraftsInMixedBatches_GivesTheBitsOfPlainDecoding(string model, int seed)
    {
        var weights = Weights(model);
        var random = new Random(seed);
        var plain = Admit(random, weights);
        foreach (var stream in plain)
        {
            using var alone = new EngineDriver(weights, kvBlocks: Blocks);
            Decode(alone, stream);
        }

        using var driver = new EngineDriver(weights, threads: 1 + (seed % 3), kvBlocks: Blocks, maxTokens: Budget);
        var mixed = Array.ConvertAll(plain, p => new SpeculativeStream(p.Prompt, p.Count, weights.Config.HiddenSize, p.Sampling, p.TopLogprobs, p.Blocks));
        while (mixed.Any(s => !s.Done))
        {
            StepAtRandom(random, driver, mixed, plain);
        }

        for (var i = 0; i < Streams; i++)
        {
            Assert.Equal(plain[i].Produced, mixed[i].Produced);
        }

        Assert.True(mixed.Sum(s => s.Accepted) > 0 && mixed.Sum(s => s.Accepted) < mixed.Sum(s => s.Drafted), "drafts of both kinds were meant to be tried");
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public void Draft_AnyDraftsInMixedBatches_LeavesTheSameKvInFullBlocks(string model, int seed)
    {
        var weights = Weights(model);
        var random = new Random(seed);
        var plain = Admit(random, weights);
        using var first = new EngineDriver(weights, kvBlocks: Blocks);
        Array.ForEach(plain, stream => Decode(first, stream));
        using var second = new EngineDriver(weights, threads: 2, kvBlocks: Blocks, maxTokens: Budget);
        var mixed = Array.ConvertAll(plain, p => new SpeculativeStream(p.Prompt, p.Count, weights.Config.HiddenSize, p.Sampling, p.TopLogprobs, p.Blocks));
        while (mixed.Any(s => !s.Done))
        {
            StepAtRandom(random, second, mixed, plain);
        }

        var compared = 0;
        for (var i = 0; i < Streams; i++)
        {
            // A name stands for tokens alone: the MTP layer's rows too must not depend on chunks, drafts, or what comes after.
            var expected = plain[i].FullBlocks(first.Engine.Kv);
            Assert.Equal(expected, mixed[i].FullBlocks(second.Engine.Kv));
            compared += expected.Count;
        }

        Assert.True(compared > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Draft_TrueTokens_AreAllAccepted(int k)
    {
        var weights = Weights("tiny-r1");
        var random = new Random(k);
        var plain = Admit(random, weights);
        using var driver = new EngineDriver(weights, kvBlocks: Blocks);
        foreach (var stream in plain)
        {
            Decode(driver, stream);
            var drafted = new SpeculativeStream(stream.Prompt, stream.Count, weights.Config.HiddenSize, stream.Sampling, stream.TopLogprobs, stream.Blocks);
            var steps = 0;
            for (; !drafted.Done; steps++)
            {
                if (drafted.CanDraft)
                {
                    drafted.SetDrafts([.. stream.Produced.Skip(drafted.Produced.Count).Take(Math.Min(k, drafted.MostDrafts)).Select(t => t.Token)]);
                }

                Step(driver, [drafted], [drafted.Pending]);
            }

            Assert.Equal(stream.Produced, drafted.Produced);
            Assert.Equal(drafted.Drafted, drafted.Accepted);
            Assert.Equal(1 + ((stream.Count - 1 + k) / (k + 1)), steps);
        }
    }

    [Fact]
    public void Draft_EmbeddedModel_IsMostlyRight()
    {
        var weights = Weights("tiny-r1");
        using var driver = new EngineDriver(weights, kvBlocks: Blocks);
        int[] prompt = [256, 259, .. "12+30"u8.ToArray().Select(b => (int)b), 260, 261, 10];
        var stream = new SpeculativeStream(prompt, 64, weights.Config.HiddenSize, null, 0, [.. Enumerable.Range(0, 4)]);
        Decode(driver, stream, drafts: 1);
        Assert.True(stream.Accepted > stream.Drafted / 2, $"{stream.Accepted} of {stream.Drafted} drafts were accepted");
    }

    private static ModelWeights Weights(string model) => model == "tiny-r1" ? TestModel.TinyR1 : TestModel.Golden(model);

    private static SpeculativeStream[] Admit(Random random, ModelWeights weights)
    {
        var free = new Queue<int>(Enumerable.Range(0, Blocks).OrderBy(_ => random.Next()));
        return [.. Enumerable.Range(0, Streams).Select(i =>
        {
            int[] prompt = [.. Enumerable.Range(0, random.Next(1, 150)).Select(_ => random.Next(weights.Config.VocabSize))];
            var count = random.Next(1, 60);
            SamplingParameters? sampling = (i % 3) switch
            {
                0 => null,
                1 => new SamplingParameters { Temperature = 0.7f, TopP = 0.9f, TopK = 20, Seed = (ulong)random.Next() },
                _ => new SamplingParameters { Temperature = 1.2f, MinP = 0.02f, Seed = (ulong)random.Next(), SampleIndex = 3 },
            };
            int[] blocks = [.. Enumerable.Range(0, KvLayout.BlocksFor(prompt.Length + count)).Select(_ => free.Dequeue())];
            return new SpeculativeStream(prompt, count, weights.Config.HiddenSize, sampling, random.Next(4), blocks);
        })];
    }

    private static void Decode(EngineDriver driver, SpeculativeStream stream, int drafts = 0)
    {
        while (!stream.Done)
        {
            if (drafts > 0 && stream.CanDraft)
            {
                DraftFor(driver, [(stream, Math.Min(drafts, stream.MostDrafts))]);
            }

            Step(driver, [stream], [stream.Pending]);
        }
    }

    private static void DraftFor(EngineDriver driver, List<(SpeculativeStream Stream, int Drafts)> asked)
    {
        var plan = new DraftPlan();
        asked.ForEach(a => plan.Add(a.Stream.AskFor(a.Drafts)));
        driver.Engine.Draft(plan);
        asked.ForEach(a => a.Stream.TakeDrafts(a.Drafts));
    }

    private static void Step(EngineDriver driver, SpeculativeStream[] streams, int[] counts)
    {
        driver.Run([.. streams.Select((s, i) => s.Next(counts[i]))]);
        for (var i = 0; i < streams.Length; i++)
        {
            streams[i].Take(driver.Plan[i], driver.Result, i);
        }
    }

    private static void StepAtRandom(Random random, EngineDriver driver, SpeculativeStream[] streams, SpeculativeStream[] truth)
    {
        var budget = Budget;
        var chosen = new List<(SpeculativeStream Stream, int Count)>();
        var asked = new List<(SpeculativeStream, int)>();
        foreach (var i in Enumerable.Range(0, Streams).OrderBy(_ => random.Next()))
        {
            var stream = streams[i];
            var most = Math.Min(stream.Pending, budget - 5);
            if (stream.Done || most < 1 || random.Next(5) == 0)
            {
                continue;
            }

            if (random.Next(8) == 0)
            {
                stream.ForgetState();
            }

            var count = random.Next(3) == 0 ? most : random.Next(1, most + 1);
            if (stream.CanDraft && random.Next(4) > 0)
            {
                var k = Math.Min(random.Next(1, 4), stream.MostDrafts);
                if (random.Next(3) == 0)
                {
                    asked.Add((stream, k));
                }
                else
                {
                    // Right as far as chance lets them be, then arbitrary.
                    stream.SetDrafts([.. truth[i].Produced.Skip(stream.Produced.Count).Take(k).Select(t => random.Next(4) > 0 ? t.Token : random.Next(driver.Engine.Info.VocabularySize))]);
                }
            }

            chosen.Add((stream, count));
            budget -= count + 5;
        }

        if (asked.Count > 0)
        {
            DraftFor(driver, asked);
        }

        if (chosen.Count > 0)
        {
            Step(driver, [.. chosen.Select(c => c.Stream)], [.. chosen.Select(c => c.Count)]);
        }
    }
}
