using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>Breaks one expert of a checkpoint, so that the rows that go there are not finite from its layer on and all others are as they were.</summary>
internal static class Poison
{
    /// <summary>Finds the expert that about half of the sequences meet.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="sequences">Prompts with their answers.</param>
    public static (int Layer, int Expert) Choose(string folder, IReadOnlyList<int[]> sequences)
    {
        using var checkpoint = Checkpoint.Open(folder);
        using var weights = ModelWeights.Load(checkpoint);
        Dictionary<(int Layer, int Expert), int> met = [];
        foreach (var sequence in sequences)
        {
            using var driver = new EngineDriver(weights, kvBlocks: 16, maxTokens: 512);
            var probe = new RecordingProbe();
            driver.Engine.Probe = probe;
            driver.Feed(TestSequence.At(0, sequence));
            foreach (var place in probe.Routed.SelectMany(r => r.Value.Ids.Distinct().Select(id => (r.Key, id))))
            {
                met[place] = met.GetValueOrDefault(place) + 1;
            }
        }

        return met.OrderBy(m => Math.Abs((2 * m.Value) - sequences.Count)).ThenBy(m => m.Key).First().Key;
    }

    /// <summary>Writes NaN over the first weights of an expert.</summary>
    public static void Write(string folder, int layer, int expert)
    {
        TensorInfo tensor;
        using (var checkpoint = Checkpoint.Open(folder))
        {
            tensor = checkpoint.Tensors[TensorNames.Expert(layer, expert, "down_proj.weight")];
        }

        byte[] notANumber = tensor.Type switch
        {
            TensorType.F8E4M3 => [0x7F],
            TensorType.F16 => [0x00, 0x7E],
            TensorType.F32 => [0x00, 0x00, 0xC0, 0x7F],
            _ => [0xC0, 0x7F],
        };
        using var file = File.OpenWrite(Path.Combine(folder, tensor.File));
        file.Position = tensor.Offset;
        file.Write(notANumber);
    }
}
