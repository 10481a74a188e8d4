using System.Runtime.InteropServices;
using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Probes;
using OrleansServe.Kernels.Reductions;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Golden;

/// <summary>The engine against DeepSeek's own inference code; tolerances as the golden cases' README suggests for fp32.</summary>
public sealed class GoldenTests
{
    private const float LogitTolerance = 5e-4f;
    private const float HiddenTolerance = 2e-4f;
    private const float WeightTolerance = 1e-4f;

    public static TheoryData<string> Cases => GoldenCase.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rotary_Configuration_MatchesReference(string name)
    {
        var golden = GoldenCase.Load(name);
        var rotary = new RotaryEmbedding(TestModel.Golden(name).Config);
        Assert.Equal(golden.SoftmaxScale, rotary.SoftmaxScale, 1e-6f);
        AssertNear(golden.Floats("rope.inv_freq"), rotary.Frequencies, 1e-6f, "rope.inv_freq");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Step_WholePrompt_MatchesReferenceLogits(string name)
    {
        var golden = GoldenCase.Load(name);
        using var driver = new EngineDriver(TestModel.Golden(name), threads: 2);
        foreach (var prompt in golden.Prompts)
        {
            var n = prompt.Tokens.Length;
            var logits = driver.Feed(TestSequence.At(0, prompt.Tokens), n);
            var vocabulary = logits.Length / n;
            AssertNear(golden.Floats(prompt.Key + ".last_logits"), logits.AsSpan((n - 1) * vocabulary), LogitTolerance, prompt.Key);
            if (golden.Has(prompt.Key + ".all_logits"))
            {
                AssertNear(golden.Floats(prompt.Key + ".all_logits"), logits, LogitTolerance, prompt.Key + ".all");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Step_Greedy_GivesReferenceTokens(string name)
    {
        var golden = GoldenCase.Load(name);
        using var driver = new EngineDriver(TestModel.Golden(name));
        foreach (var prompt in golden.Prompts)
        {
            var sequence = TestSequence.At(0, prompt.Tokens);
            Assert.Equal(prompt.Greedy, driver.Greedy(sequence, prompt.Greedy.Length));
            AssertNear(golden.Floats(prompt.Key + ".final_step_logits"), driver.Result.Logits(0), LogitTolerance, prompt.Key);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Step_Inside_MatchesReferenceStages(string name)
    {
        var golden = GoldenCase.Load(name);
        using var driver = new EngineDriver(TestModel.Golden(name));
        var config = driver.Engine.Info.Model;
        var compared = 0;
        foreach (var prompt in golden.Prompts)
        {
            var probe = new RecordingProbe();
            driver.Engine.Probe = probe;
            driver.Feed(TestSequence.At(0, prompt.Tokens));
            compared += Stage("embed", ProbeStage.Embedding, -1) + Stage("final_norm", ProbeStage.FinalNorm, config.NumHiddenLayers - 1);
            for (var layer = 0; layer < config.NumHiddenLayers; layer++)
            {
                compared += Stage($"hidden.{layer}", ProbeStage.Hidden, layer);
                compared += Cache(layer) + Routing(layer);
            }

            int Stage(string array, ProbeStage stage, int layer) =>
                Compare(golden, $"{prompt.Key}.{array}", probe.Stages[(stage, layer)]);

            int Cache(int layer)
            {
                if (!golden.Has($"{prompt.Key}.cache_latent.{layer}"))
                {
                    return 0;
                }

                var block = new byte[driver.Engine.Kv.Layout.BytesPerBlockLayer];
                driver.Engine.Kv.Read(0, layer, block);
                var rows = MemoryMarshal.Cast<byte, float>(block);
                for (var i = 0; i < prompt.Tokens.Length; i++)
                {
                    var row = rows.Slice(i * config.KvWidth, config.KvWidth);
                    AssertNear(golden.Floats($"{prompt.Key}.cache_latent.{layer}").Slice(i * config.KvLoraRank, config.KvLoraRank), row[..config.KvLoraRank], HiddenTolerance, $"latent {layer}");
                    AssertNear(golden.Floats($"{prompt.Key}.cache_rope.{layer}").Slice(i * config.QkRopeHeadDim, config.QkRopeHeadDim), row[config.KvLoraRank..], HiddenTolerance, $"rope {layer}");
                }

                return 2;
            }

            int Routing(int layer)
            {
                if (!golden.Has($"{prompt.Key}.expert_ids.{layer}"))
                {
                    return 0;
                }

                var routed = probe.Routed[layer];
                AssertNear(golden.Floats($"{prompt.Key}.router_scores.{layer}"), routed.Scores, WeightTolerance, $"scores {layer}");
                AssertExperts(golden.Ints($"{prompt.Key}.expert_ids.{layer}"), golden.Floats($"{prompt.Key}.expert_weights.{layer}"), routed.Ids, routed.Weights, config.NumExpertsPerTok);
                return 3;
            }
        }

        Assert.True(compared > 20, $"only {compared} stages were compared");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardMtp_Prompt_MatchesReference(string name)
    {
        var golden = GoldenCase.Load(name);
        using var driver = new EngineDriver(TestModel.Golden(name), threads: 2);
        if (!driver.Engine.Info.HasMtp)
        {
            Assert.DoesNotContain(golden.Prompts, p => p.MtpDrafts.Length > 0);
            return;
        }

        var layer = driver.Engine.Info.Model.NumHiddenLayers;
        foreach (var prompt in golden.Prompts.Where(p => golden.Has(p.Key + ".mtp_logits")))
        {
            var n = prompt.Tokens.Length;
            driver.Feed(TestSequence.At(0, prompt.Tokens));
            var probe = new RecordingProbe();
            driver.Engine.Probe = probe;
            driver.Plan.Clear();
            driver.Plan.Add(Following(prompt.Tokens[0], prompt.MtpInputTokens).Next(n, n));
            driver.Engine.ForwardMtp(driver.Plan, driver.Result.Hidden.Span, driver.Result);
            driver.Engine.Probe = null;

            var logits = Enumerable.Range(0, n).SelectMany(row => driver.Result.Logits(0, row).ToArray()).ToArray();
            Assert.Equal(1, Compare(golden, prompt.Key + ".mtp_logits", logits, LogitTolerance));
            Assert.Equal(prompt.MtpDrafts[0], driver.Result[0].Token);
            if (golden.Has(prompt.Key + ".mtp.block"))
            {
                Compare(golden, prompt.Key + ".mtp.eh_proj", probe.Stages[(ProbeStage.MtpMerged, layer)]);
                Compare(golden, prompt.Key + ".mtp.block", probe.Stages[(ProbeStage.Hidden, layer)]);
                Compare(golden, prompt.Key + ".mtp.norm", probe.Stages[(ProbeStage.FinalNorm, layer)]);
                var routed = probe.Routed[layer];
                AssertExperts(golden.Ints(prompt.Key + ".mtp.expert_ids"), golden.Floats(prompt.Key + ".mtp.expert_weights"), routed.Ids, routed.Weights, driver.Engine.Info.Model.NumExpertsPerTok);
                foreach (var wrong in new[] { "unnormed_hidden", "first_embedding_zeroed" }.Where(w => golden.Has($"{prompt.Key}.mtp_alt.{w}")))
                {
                    Assert.True(Distance(golden.Floats($"{prompt.Key}.mtp_alt.{wrong}"), driver.Result.Logits(0, n - 1)) > 10 * LogitTolerance, wrong);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardMtp_WhileDecoding_GivesReferenceDrafts(string name)
    {
        var golden = GoldenCase.Load(name);
        using var driver = new EngineDriver(TestModel.Golden(name));
        foreach (var prompt in golden.Prompts.Where(p => p.MtpDrafts.Length > 0))
        {
            var main = TestSequence.At(0, prompt.Tokens);
            var draft = Following(prompt.Tokens[0], prompt.Tokens.Skip(1));
            for (var i = 0; i < prompt.MtpDrafts.Length; i++)
            {
                driver.Feed(main);
                main.Tokens.Add(prompt.Greedy[i]);
                draft.Tokens.Add(prompt.Greedy[i]);
                driver.Plan.Clear();
                driver.Plan.Add(draft.Next(draft.Pending));
                driver.Engine.ForwardMtp(driver.Plan, driver.Result.Hidden.Span, driver.Result);
                draft.Cached = draft.Tokens.Count;
                Assert.Equal(prompt.MtpDrafts[i], driver.Result[0].Token);
            }
        }
    }

    // Row i of the reference takes the token at i + 1: that is its position here.
    private static TestSequence Following(int first, IEnumerable<int> tokens)
    {
        var sequence = TestSequence.At(0, [first, .. tokens]);
        sequence.Cached = 1;
        return sequence;
    }

    private static int Compare(GoldenCase golden, string array, ReadOnlySpan<float> actual, float tolerance = HiddenTolerance)
    {
        if (!golden.Has(array))
        {
            return 0;
        }

        AssertNear(golden.Floats(array), actual, tolerance, array);
        return 1;
    }

    private static void AssertNear(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var distance = Distance(expected, actual);
        Assert.True(distance <= tolerance, $"{what}: off by {distance}");
    }

    private static float Distance(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        var differences = new float[expected.Length];
        for (var i = 0; i < expected.Length; i++)
        {
            differences[i] = Math.Abs(expected[i] - actual[i]);
        }

        return Maximum.Execute(differences);
    }

    private static void AssertExperts(ReadOnlySpan<int> expectedIds, ReadOnlySpan<float> expectedWeights, int[] ids, float[] weights, int topK)
    {
        Assert.Equal(expectedIds.Length, ids.Length);
        for (var start = 0; start < ids.Length; start += topK)
        {
            int[] row = expectedIds.Slice(start, topK).ToArray();
            float[] factors = expectedWeights.Slice(start, topK).ToArray();
            Array.Sort(row, factors);
            Assert.Equal(row, ids[start..(start + topK)]);
            AssertNear(factors, weights.AsSpan(start, topK), WeightTolerance, "expert weights");
        }
    }
}
