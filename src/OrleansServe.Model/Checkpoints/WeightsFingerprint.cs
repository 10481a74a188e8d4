using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OrleansServe.Model.Checkpoints;

/// <summary>
/// Content hash of a checkpoint's weights: equal exactly if the same tensors (names, types, shapes, bytes) are there, however they are
/// spread over files.
/// </summary>
/// <remarks>
/// SHA-256 over a version line and then, for each tensor in ordinal order of names: name, type name, shape, length and the SHA-256 of its bytes.
/// Texts are UTF-8 behind a 32-bit length, numbers are 64-bit, all little endian. Hashing each tensor by itself lets all cores take part.
/// </remarks>
public sealed record WeightsFingerprint
{
    /// <summary>Bytes of a fingerprint.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private const string VersionLine = "OrleansServe weights 1\n";
    private const string Int8Line = "int8, one scale an output 1\n";
    private const string Float8RowsLine = "rows for experts in e4m3 1x128, back in bf16 1\n";
    private const int PieceBytes = 8 << 20;

    private WeightsFingerprint(string hex) => Hex = hex;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public string Hex { get; }

    /// <summary>The 32 bytes.</summary>
    public byte[] ToBytes() => Convert.FromHexString(Hex);

    /// <inheritdoc/>
    public override string ToString() => Hex;

    /// <summary>
    /// The fingerprint of what is computed with the weights. Quantised ones, and rows that are rounded on their way, are another model: their workers exchange neither KV nor
    /// experts with those that compute with the checkpoint's numbers.
    /// </summary>
    /// <param name="format">Numbers in which the matrices are kept.</param>
    /// <param name="rows">Numbers in which rows go to routed experts.</param>
    public WeightsFingerprint As(WeightFormat format, ExpertRowFormat rows = ExpertRowFormat.Exact)
    {
        var weights = format == WeightFormat.Native ? this : Derive(Int8Line);
        return rows == ExpertRowFormat.Exact ? weights : weights.Derive(Float8RowsLine);
    }

    /// <summary>Reads a fingerprint written as text.</summary>
    /// <param name="hex">64 hexadecimal digits.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static WeightsFingerprint Parse(string hex) =>
        TryParse(hex) ?? throw new FormatException($"A weights fingerprint has {2 * Size} hexadecimal digits.");

    /// <summary>
    /// Gives the fingerprint of a checkpoint: remembered in <see cref="ModelFolder.FingerprintCache"/> beside the model while size and
    /// modification time of every weight file stay as they were, computed otherwise. A damaged or unwritable cache file costs the
    /// computation and nothing else.
    /// </summary>
    /// <param name="checkpoint">The open checkpoint.</param>
    /// <param name="progress">Told how far the hashing is; not told anything if the fingerprint is remembered.</param>
    /// <param name="cancellationToken">Ends the hashing.</param>
    public static WeightsFingerprint Load(
        Checkpoint checkpoint, IProgress<FingerprintProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (FingerprintCache.Read(checkpoint) is { } known)
        {
            return known;
        }

        var computed = Compute(checkpoint, progress, cancellationToken);
        FingerprintCache.Write(checkpoint, computed);
        return computed;
    }

    /// <summary>Hashes every byte of a checkpoint's tensors, on all cores.</summary>
    /// <param name="checkpoint">The open checkpoint.</param>
    /// <param name="progress">Told how far the hashing is, in ascending steps.</param>
    /// <param name="cancellationToken">Ends the hashing.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static WeightsFingerprint Compute(
        Checkpoint checkpoint, IProgress<FingerprintProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var tensors = checkpoint.Tensors.Values.ToArray();
        var digests = new byte[tensors.Length][];
        var counter = new Counter(checkpoint.TotalBytes, progress);
        var options = new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, tensors.Length, options, i =>
            digests[i] = HashTensor(checkpoint.GetTensorToHash(tensors[i].Name), counter, cancellationToken));

        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        root.AppendData(Encoding.UTF8.GetBytes(VersionLine));
        for (var i = 0; i < tensors.Length; i++)
        {
            AppendText(root, tensors[i].Name);
            AppendText(root, tensors[i].TypeName);
            AppendNumber(root, tensors[i].Shape.Length);
            foreach (var size in tensors[i].Shape)
            {
                AppendNumber(root, size);
            }

            AppendNumber(root, tensors[i].Length);
            root.AppendData(digests[i]);
        }

        return new WeightsFingerprint(Convert.ToHexStringLower(root.GetHashAndReset()));
    }

    internal static WeightsFingerprint? TryParse(string hex)
    {
        ArgumentNullException.ThrowIfNull(hex);
        return hex.Length == 2 * Size && hex.All(char.IsAsciiHexDigit) ? new WeightsFingerprint(hex.ToLowerInvariant()) : null;
    }

    private WeightsFingerprint Derive(string line) => new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{VersionLine}{Hex}\n{line}"))));

    private static byte[] HashTensor(TensorView tensor, Counter counter, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var offset = 0L; offset < tensor.Info.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(PieceBytes, tensor.Info.Length - offset);
            hash.AppendData(tensor.Slice(offset, count));
            counter.Add(count);
            offset += count;
        }

        return hash.GetHashAndReset();
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    private static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    // Reports under a lock, so that a listener sees the count only ever rise.
    private sealed class Counter(long total, IProgress<FingerprintProgress>? progress)
    {
        private readonly Lock _gate = new();
        private long _done;

        internal void Add(int bytes)
        {
            if (progress is not null)
            {
                lock (_gate)
                {
                    _done += bytes;
                    progress.Report(new FingerprintProgress(_done, total));
                }
            }
        }
    }
}
