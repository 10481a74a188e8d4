using System.Collections.Frozen;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>What a shard said last about itself.</summary>
internal sealed class ShardView
{
    private readonly FrozenDictionary<(int Layer, int Expert), long> _rows;

    /// <param name="worker">The shard.</param>
    /// <param name="address">Where its rows are sent to.</param>
    /// <param name="description">What it said.</param>
    public ShardView(WorkerId worker, string address, ExpertShardDescription description)
    {
        Worker = worker;
        Address = address;
        Incarnation = description.Incarnation;
        Slots = description.Slots;
        Epoch = description.Epoch;
        _rows = description.Layers
            .SelectMany((layer, i) => description.Experts[i].Select((expert, j) => (Key: (layer, expert), Rows: description.Rows[i][j])))
            .ToFrozenDictionary(entry => entry.Key, entry => entry.Rows);
    }

    public WorkerId Worker { get; }

    public string Address { get; }

    public Guid Incarnation { get; }

    /// <summary>Experts of a layer that it is meant to hold.</summary>
    public int Slots { get; }

    /// <summary>The latest epoch that it is ready for.</summary>
    public long Epoch { get; }

    /// <summary>Experts that it holds, in no order, and the rows that each has computed since the shard started.</summary>
    public IEnumerable<(int Layer, int Expert, long Rows)> Experts => _rows.Select(entry => (entry.Key.Layer, entry.Key.Expert, entry.Value));

    public bool Holds(int layer, int expert) => _rows.ContainsKey((layer, expert));

    /// <summary>Rows that an expert of it has computed since the shard started.</summary>
    public long RowsOf(int layer, int expert) => _rows.GetValueOrDefault((layer, expert));

    /// <summary>Whether it is the same start of the same shard.</summary>
    public bool IsSameAs(ShardView other) => Worker == other.Worker && Address == other.Address && Incarnation == other.Incarnation;
}
