using System.Text.Json;
using OrleansServe.Engine;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using Xunit;

namespace OrleansServe.UnitTests.Engine;

public sealed class TinyR1Tests
{
    private const int Problems = 24;

    [Fact]
    public void Step_HeldOutPrompts_GiveRecordedOutputsInOneBatch()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.TinyR1, "eval.json")));
        var problems = json.RootElement.GetProperty("problems").EnumerateArray().Take(Problems).ToArray();
        var expected = Array.ConvertAll(problems, p => Ints(p, "output_ids"));
        var sequences = problems.Select((p, i) => TestSequence.At(16 * i, Ints(p, "prompt_ids"), room: 512)).ToArray();
        var outputs = Array.ConvertAll(problems, _ => new List<int>());
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 2, kvBlocks: 16 * Problems, maxTokens: 1024);
        while (Enumerable.Range(0, Problems).Where(i => outputs[i].Count < expected[i].Length).ToArray() is { Length: > 0 } running)
        {
            driver.Run([.. running.Select(i => sequences[i].Next(sequences[i].Pending))]);
            for (var p = 0; p < running.Length; p++)
            {
                var i = running[p];
                sequences[i].Cached = sequences[i].Tokens.Count;
                outputs[i].Add(driver.Result[p].Token);
                sequences[i].Tokens.Add(driver.Result[p].Token);
            }
        }

        for (var i = 0; i < Problems; i++)
        {
            Assert.Equal(expected[i], outputs[i]);
        }
    }

    [Theory]
    [InlineData(WeightFormat.Native)]
    [InlineData(WeightFormat.Int8)]
    public void Step_SteadyDecode_AllocatesNothingOnAnyThread(WeightFormat format)
    {
        const int Sequences = 6;
        using var weights = ModelWeights.Load(TestModel.Load(Repository.TinyR1).Checkpoint, new WeightsOptions { Format = format });
        using var driver = new EngineDriver(weights, threads: 3, kvBlocks: 64);
        var tokens = new int[1];
        var blocks = Enumerable.Range(0, Sequences).Select(i => Enumerable.Range(i * 8, 8).ToArray()).ToArray();
        var sampling = new OrleansServe.Engine.Sampling.SamplingParameters { Temperature = 0.8f, TopP = 0.9f, TopK = 50, MinP = 0.01f, Seed = 5 };
        var penalties = new OrleansServe.Engine.Sampling.SamplingParameters
        {
            Temperature = 1,
            RepetitionPenalty = 1.2f,
            FrequencyPenalty = 0.3f,
            PresencePenalty = 0.1f,
            LogitBias = [new(7, 2f)],
            MinTokens = 1000,
            StopTokens = [1, 2],
            TokenLimit = 260,
        };
        var history = new int[400];

        // Every tier of compiled code and every buffer that grows once has to be behind us before bytes are counted.
        for (var position = 0; position < 200; position++)
        {
            Decode(position);
        }

        SteadyState.RequireNoAllocation(
            () =>
            {
                for (var position = 200; position < 400; position++)
                {
                    Decode(position);
                }
            },
            driver.Engine.Pool);

        void Decode(int position)
        {
            driver.Plan.Clear();
            for (var i = 0; i < Sequences; i++)
            {
                driver.Plan.Add(new StepSequence
                {
                    Tokens = tokens,
                    StartPosition = position,
                    Blocks = blocks[i],
                    Sample = true,
                    Sampling = i == 1 ? penalties : i % 2 == 0 ? sampling : null,
                    History = history.AsMemory(0, position),
                    TopLogprobs = i,
                    Targets = i == 3 ? tokens : default,
                    TargetTopLogprobs = 4,
                });
            }

            driver.Engine.Step(driver.Plan, driver.Result);
        }
    }

    private static int[] Ints(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];
}
