using System.Collections.Concurrent;

namespace OrleansServe.Model.Checkpoints;

/// <summary>Counts bytes that were read, by tensor. Safe for any number of threads.</summary>
internal sealed class TensorReads
{
    private readonly ConcurrentDictionary<string, Cell> _cells = new(StringComparer.Ordinal);

    /// <summary>Bytes of all tensors together.</summary>
    internal long Total => _cells.Values.Sum(cell => cell.Bytes);

    /// <summary>Names of the tensors of which anything was read, with the bytes.</summary>
    internal SortedDictionary<string, long> ByTensor()
    {
        var read = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, cell) in _cells)
        {
            if (cell.Bytes > 0)
            {
                read.Add(name, cell.Bytes);
            }
        }

        return read;
    }

    /// <summary>One tensor's count.</summary>
    internal Cell Of(string name) => _cells.GetOrAdd(name, static _ => new Cell());

    internal sealed class Cell
    {
        private long _bytes;

        internal long Bytes => Interlocked.Read(ref _bytes);

        internal void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
    }
}
