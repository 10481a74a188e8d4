using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;
using OrleansServe.Model.NumberFormats;

namespace OrleansServe.Model.Synthesis;

/// <summary>
/// Random weights of a preset. An element is a pure function of preset, seed, tensor name and index, made of integer operations and one
/// IEEE product, so every machine gives the same bytes, in whatever pieces they are asked for.
/// </summary>
public sealed class SyntheticWeights
{
    // Uniform numbers in (-1, 1) have a standard deviation of 1/sqrt(3).
    private const double UniformToUnit = 1.7320508075688772;

    private const double NormSpread = 0.1;
    private const double BiasSpread = 0.02;
    private const double LogitSpread = 2;
    private const int NumbersPerWord = 4;

    private readonly SyntheticPreset _preset;
    private readonly ulong _seed;
    private readonly Dictionary<string, Distribution> _distributions = new(StringComparer.Ordinal);

    /// <summary>Weights of a preset and a seed.</summary>
    /// <param name="preset">The shape.</param>
    /// <param name="seed">Any number.</param>
    public SyntheticWeights(SyntheticPreset preset, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(preset);
        _preset = preset;
        _seed = seed;
        var config = preset.Config.Validate();
        var tensors = ImmutableArray.CreateBuilder<TensorDeclaration>();

        // Optional tensors are copies of embedding and head, which the loader shares instead.
        foreach (var wanted in TensorSchema.Enumerate(config).Where(tensor => !tensor.Optional))
        {
            var type = wanted.Name.EndsWith("e_score_correction_bias", StringComparison.Ordinal) ? TensorType.F32 : TensorType.Bf16;
            tensors.Add(new TensorDeclaration(wanted.Name, type, wanted.Shape));
            _distributions.Add(wanted.Name, Choose(config, wanted));
        }

        Tensors = tensors.ToImmutable();
    }

    /// <summary>Every tensor, in the order of <see cref="TensorSchema.Enumerate"/>.</summary>
    public ImmutableArray<TensorDeclaration> Tensors { get; }

    /// <summary>Gives a part of a tensor's bytes; a <see cref="TensorFill"/>.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="offset">First byte; a multiple of 8.</param>
    /// <param name="destination">Receives whole elements.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or the offset or the length cuts an element.</exception>
    public void Fill(TensorDeclaration tensor, long offset, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var size = TensorTypes.ElementSize(tensor.Type);
        if (!_distributions.TryGetValue(tensor.Name, out var distribution) || offset % 8 != 0 || destination.Length % size != 0)
        {
            throw new ArgumentException($"bytes {offset} and the {destination.Length} from there of tensor \"{tensor.Name}\" cannot be made");
        }

        var key = Key(tensor.Name);
        var index = (ulong)(offset / size);
        var word = 0UL;
        for (var at = 0; at < destination.Length; at += size, index++)
        {
            if (at == 0 || index % NumbersPerWord == 0)
            {
                word = Mix(key + ((index / NumbersPerWord) * 0x9E3779B97F4A7C15UL)) >> (int)(16 * (index % NumbersPerWord));
            }

            // Centred, so that no number is zero and the mean is.
            var uniform = ((int)(word & 0xFFFF) - 32767.5f) / 32768f;
            word >>= 16;
            var value = distribution.Mean + (uniform * distribution.Scale);
            if (size == sizeof(float))
            {
                BinaryPrimitives.WriteSingleLittleEndian(destination[at..], value);
            }
            else
            {
                BinaryPrimitives.WriteUInt16LittleEndian(destination[at..], BFloat16.FromSingle(value));
            }
        }
    }

    // Linears keep the scale of their input: unit rows in, unit rows out. What is added to the residual stream is damped by the
    // number of additions, so that depth does not drown the embedding; the head spreads logits as trained models do.
    private static Distribution Choose(ModelConfig config, TensorRequirement tensor)
    {
        var additions = Math.Sqrt(2.0 * config.NumHiddenLayers);
        return tensor.Role switch
        {
            TensorRole.Embedding => Around(0, 1),
            TensorRole.Head => Around(0, LogitSpread / Math.Sqrt(config.HiddenSize)),
            _ when tensor.Shape.Length == 1 && tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) => Around(1, NormSpread),
            _ when tensor.Shape.Length == 1 => Around(0, BiasSpread),
            _ when IsResidual(tensor.Name) => Around(0, 1 / (additions * Math.Sqrt(tensor.Shape[1]))),
            _ => Around(0, 1 / Math.Sqrt(tensor.Shape[1])),
        };
    }

    private static bool IsResidual(string name) =>
        name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);

    private static Distribution Around(double mean, double deviation) => new((float)mean, (float)(deviation * UniformToUnit));

    // The finaliser of SplitMix64: every bit of the counter reaches every bit of the word.
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    private ulong Key(string tensor)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{_preset.Name}\n{_seed}\n{tensor}")), digest);
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }

    private readonly record struct Distribution(float Mean, float Scale);
}
