using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Weights;

/// <summary>Turns a checkpoint's tensors into matrices in the order and the numbers that the engine computes with.</summary>
internal sealed unsafe class WeightReader(
    Checkpoint checkpoint, WeightMemory memory, WeightFormat format, int tensors, IProgress<LoadProgress>? progress, CancellationToken cancellation)
{
    // Bytes between two looks at whether loading was abandoned.
    private const int Compared = 1 << 24;

    private int _done;
    private long _bytes;

    /// <summary>Reads an [outputs, columns] matrix.</summary>
    /// <param name="name">its tensor</param>
    /// <param name="outputs">rows</param>
    /// <param name="columns">length of a row</param>
    /// <param name="exact">keep the checkpoint's numbers whatever was asked for</param>
    public LinearWeight Linear(string name, int outputs, int columns, bool exact = false)
    {
        using var source = Open(name, outputs, columns);
        return new MatrixBuilder(memory, exact ? WeightFormat.Native : format).Build(source.Matrix, outputs, cancellation);
    }

    /// <summary>Reads a table whose rows are looked up: bf16 stays in the mapped file, of which only the rows that are used take memory.</summary>
    public RowWeight Table(string name, int rows, int columns)
    {
        using var source = Open(name, rows, columns);
        if (source.Matrix.IsBFloat16)
        {
            return new RowWeight(source.Matrix.Data, true, rows, columns, checkpoint);
        }

        var bytes = source.Matrix.Bytes;
        var copy = memory.Allocate(bytes);
        NativeMemory.Copy(source.Matrix.Data, copy, checked((nuint)bytes));
        return new RowWeight(copy, false, rows, columns, memory);
    }

    /// <summary>
    /// Reads the up-projection of keys and values, [heads · (keyRows + valueRows), columns]. The key rows of each head are transposed, so
    /// that they take a query to the latent space.
    /// </summary>
    /// <returns>[heads · columns, keyRows] and [heads · valueRows, columns]</returns>
    public (LinearWeight Key, LinearWeight Value) KeyValueUp(string name, int heads, int keyRows, int valueRows, int columns)
    {
        var rows = keyRows + valueRows;
        using var source = Open(name, checked(heads * rows), columns);
        var builder = new MatrixBuilder(memory, format);
        using var key = MatrixSource.Rent(source.Matrix.IsBFloat16, checked(heads * columns), keyRows);
        using var value = MatrixSource.Rent(source.Matrix.IsBFloat16, checked(heads * valueRows), columns);
        for (var head = 0; head < heads; head++)
        {
            source.Matrix.Transpose(head * rows, keyRows, key.Matrix, head * columns);
            source.Matrix.Copy((head * rows) + keyRows, valueRows, value.Matrix, head * valueRows);
        }

        return (builder.Build(key.Matrix, columns, cancellation), builder.Build(value.Matrix, valueRows, cancellation));
    }

    /// <summary>Reads a vector.</summary>
    public float[] Vector(string name, int length)
    {
        cancellation.ThrowIfCancellationRequested();
        var info = checkpoint.Expect(name, length);
        var values = checkpoint.ReadFloat32(name);
        Report(info);
        return values;
    }

    public bool Has(string name) => checkpoint.Tensors.ContainsKey(name);

    /// <summary>The tensor that the output head is read from.</summary>
    public string HeadName(ModelConfig config) => config.TieWordEmbeddings && !Has(TensorNames.Head) ? TensorNames.Embedding : TensorNames.Head;

    /// <summary>Whether there is a tensor that says something else than another one. A copy counts as read.</summary>
    /// <param name="name">the tensor that may be a copy</param>
    /// <param name="original">a tensor that there is</param>
    public bool HasOther(string name, string original)
    {
        if (!Has(name))
        {
            return false;
        }

        var (copy, first) = (checkpoint.GetTensor(name), checkpoint.GetTensor(original));
        if (!IsBFloat16Copy(copy.Info, first.Info))
        {
            return true;
        }

        for (long done = 0; done < copy.Info.Length; done += Compared)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = (int)Math.Min(Compared, copy.Info.Length - done);
            if (!copy.Slice(done, count).SequenceEqual(first.Slice(done, count)))
            {
                return true;
            }
        }

        Report(copy.Info);
        return false;
    }

    // Other types may have scales beside them; those of the matrices kept twice in published checkpoints are all bf16.
    private static bool IsBFloat16Copy(TensorInfo copy, TensorInfo original) =>
        copy.Type == TensorType.Bf16 && original.Type == TensorType.Bf16 && copy.Shape.AsSpan().SequenceEqual(original.Shape.AsSpan());

    private MatrixSource Open(string name, int outputs, int columns)
    {
        cancellation.ThrowIfCancellationRequested();
        var info = checkpoint.Expect(name, outputs, columns);
        MatrixSource source;
        if (info.Type == TensorType.Bf16)
        {
            ref readonly var first = ref checkpoint.GetTensor(name).Map();
            source = new MatrixSource(new RawMatrix(Unsafe.AsPointer(ref Unsafe.AsRef(in first)), true, outputs, columns), null);
        }
        else
        {
            source = MatrixSource.Rent(false, outputs, columns);
            checkpoint.ReadFloat32(name, new Span<float>(source.Matrix.Data, checked(outputs * columns)));
        }

        Report(info);
        return source;
    }

    private void Report(TensorInfo info)
    {
        _bytes += info.Length;
        progress?.Report(new LoadProgress(++_done, tensors, _bytes));
    }
}
