using OrleansServe.Engine.Memory;

namespace OrleansServe.Engine.Strands;

/// <summary>How far each strand of a step has come. A row attends to the rows before it, whose KV another strand may still be computing.</summary>
/// <param name="strands">most strands</param>
/// <param name="looks">times to look before the processor is left to others</param>
internal sealed class StrandOrder(int strands, int looks)
{
    // Integers of a cache line: what one strand writes others watch.
    private const int Line = 16;
    private readonly int[] _layers = new int[Buffers.Length("strands", strands + 1, Line)];

    /// <summary>Nobody has written anything yet.</summary>
    public void Begin() => Array.Clear(_layers);

    /// <summary>Tells the others that a strand's KV of some layers is written, or that there will be none.</summary>
    public void Wrote(int strand, int layers) => Volatile.Write(ref Of(strand), layers);

    /// <summary>Waits until strands have written the KV of some layers. They have begun before: parts of a work are taken in order.</summary>
    /// <param name="first">first strand to wait for</param>
    /// <param name="end">strand after the last</param>
    /// <param name="layers">number of layers</param>
    public void Await(int first, int end, int layers)
    {
        for (var strand = first; strand < end; strand++)
        {
            for (var look = 0; Volatile.Read(ref Of(strand)) < layers; look++)
            {
                if (look < looks)
                {
                    Thread.SpinWait(1);
                }
                else
                {
                    // The other thread has lost its processor: give it this one.
                    Thread.Yield();
                }
            }
        }
    }

    private ref int Of(int strand) => ref _layers[(strand + 1) * Line];
}
