using System.Buffers.Binary;
using System.Text.Json.Nodes;
using OrleansServe.Model;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;
using OrleansServe.Model.NumberFormats;
using OrleansServe.Model.Synthesis;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>A model folder with random weights of random number formats, as many as a checkpoint may mix.</summary>
internal static class RandomCheckpoint
{
    private static readonly TensorType[] Plain = [TensorType.Bf16, TensorType.F32, TensorType.F16];

    /// <param name="folder">An empty folder.</param>
    /// <param name="config">The shape.</param>
    /// <param name="random">Decides every weight.</param>
    public static void Write(string folder, ModelConfig config, Random random)
    {
        // One format for most matrices of a model, as checkpoints have it, and exceptions.
        var usual = Plain[random.Next(Plain.Length)];
        var tensors = new List<TensorDeclaration>();
        foreach (var wanted in TensorSchema.Enumerate(config).Where(t => !t.Optional || random.Next(2) == 0))
        {
            var fp8 = config.Quantization is not null && wanted.MayBeFp8 && random.Next(8) > 0;
            tensors.Add(new TensorDeclaration(wanted.Name, fp8 ? TensorType.F8E4M3 : random.Next(8) == 0 ? Plain[random.Next(Plain.Length)] : usual, wanted.Shape));
            if (fp8)
            {
                var (rows, columns) = config.Quantization!.ScaleShape(wanted.Shape[0], wanted.Shape[1]);
                tensors.Add(new TensorDeclaration(TensorNames.Scale(wanted.Name), TensorType.F32, [rows, columns]));
            }
        }

        var widths = tensors.Where(t => t.Shape.Length == 2).ToDictionary(t => t.Name, t => t.Shape[1]);
        new SafetensorsWriter(tensors).Write(name => File.Create(Path.Combine(folder, name)), (tensor, _, bytes) => Fill(tensor, widths, random, bytes));
        var json = ConfigWriter.Config(config);
        if (config.Quantization is { } fp8Blocks)
        {
            json["quantization_config"] = new JsonObject
            {
                ["quant_method"] = "fp8",
                ["fmt"] = "e4m3",
                ["weight_block_size"] = new JsonArray(fp8Blocks.BlockRows, fp8Blocks.BlockColumns),
            };
        }

        File.WriteAllText(Path.Combine(folder, ModelFolder.Config), json.ToJsonString());
    }

    private static void Fill(TensorDeclaration tensor, Dictionary<string, long> widths, Random random, Span<byte> bytes)
    {
        var scales = tensor.Name.EndsWith(TensorNames.Scale(""), StringComparison.Ordinal);
        var columns = scales ? widths[tensor.Name[..^TensorNames.Scale("").Length]] : tensor.Shape[^1];
        for (var at = 0; at < bytes.Length; at += TensorTypes.ElementSize(tensor.Type))
        {
            var unit = (random.NextSingle() * 2) - 1;
            if (tensor.Type == TensorType.F8E4M3)
            {
                // Every code but the two that are no number.
                bytes[at] = (byte)(random.Next(0x7F) | (random.Next(2) << 7));
                continue;
            }

            var value = scales ? (0.5f + random.NextSingle()) / (Float8E4M3.Table[0x7E] / 4 * MathF.Sqrt(columns))
                : tensor.Shape.Length == 1 ? tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 + (unit * 0.2f) : unit * 0.05f
                : tensor.Name == TensorNames.Embedding ? unit * 2
                : unit * 2.5f / MathF.Sqrt(columns);
            switch (tensor.Type)
            {
                case TensorType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(bytes[at..], value);
                    break;
                case TensorType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(bytes[at..], (Half)value);
                    break;
                default:
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                    break;
            }
        }
    }
}
