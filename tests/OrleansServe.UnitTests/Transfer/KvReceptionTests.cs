using OrleansServe.Transfer.Kv;
using Xunit;

namespace OrleansServe.UnitTests.Transfer;

public sealed class KvReceptionTests
{
    private static readonly Guid Ticket = Guid.Parse("11111111-2222-3333-4444-555555555555");

    [Fact]
    public void Commit_EverythingArrivedInAnyOrder_Commits()
    {
        KvReception reception = New();
        foreach ((int layer, int block) in new[] { (1, 2), (0, 1), (1, 1), (0, 2) })
        {
            Accept(reception, layer, block);
        }

        reception.Commit();
        Assert.True(reception.Committed);
    }

    [Fact]
    public void Commit_SomethingMissing_ThrowsWithTheCountAndStaysUncommitted()
    {
        KvReception reception = New();
        Accept(reception, 0, 1);
        KvTransferException fault = Assert.Throws<KvTransferException>(reception.Commit);
        Assert.Contains("3 of 4", fault.Message, StringComparison.Ordinal);
        Assert.False(reception.Committed);
        Assert.Throws<KvTransferException>(() => Accept(reception, 0, 2));
    }

    [Fact]
    public void Commit_LastPartMissing_ThrowsWithTheCount()
    {
        KvReception reception = New();
        foreach ((int layer, int block) in new[] { (1, 2), (0, 1), (1, 1) })
        {
            Accept(reception, layer, block);
        }

        reception.Accept(new KvPart(0, 2, 100, 0), 60);
        reception.Accept(new KvPart(0, 2, 100, 60), 39);
        KvTransferException fault = Assert.Throws<KvTransferException>(reception.Commit);
        Assert.Contains("1 of 4", fault.Message, StringComparison.Ordinal);
        Assert.False(reception.Committed);
    }

    [Theory]
    [InlineData(-1, 1, 100)]
    [InlineData(2, 1, 100)]
    [InlineData(0, 0, 100)]
    [InlineData(0, 3, 100)]
    [InlineData(0, 1, 99)]
    [InlineData(0, 1, 101)]
    public void Accept_OutOfRangeOrWrongSize_Throws(int layer, int block, int bytes) =>
        Assert.Throws<KvTransferException>(() => New().Accept(KvPart.Whole(layer, block, bytes), bytes));

    [Theory]
    [InlineData(40, 61)]
    [InlineData(40, 0)]
    [InlineData(39, 61)]
    [InlineData(41, 59)]
    [InlineData(0, 40)]
    [InlineData(0, 100)]
    [InlineData(-1, 60)]
    [InlineData(100, 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(40, int.MaxValue)]
    public void Accept_PartThatIsNotTheNext_ThrowsAndCountsNothing(int offset, int length)
    {
        KvReception reception = New();
        reception.Accept(new KvPart(0, 1, 100, 0), 40);
        Assert.Throws<KvTransferException>(() => reception.Accept(new KvPart(0, 1, 100, offset), length));
        reception.Accept(new KvPart(0, 1, 100, 40), 60);
        Assert.Throws<KvTransferException>(() => Accept(reception, 0, 1));
        Assert.Contains("3 of 4", Assert.Throws<KvTransferException>(reception.Commit).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Accept_AnotherBlockWithinOne_Throws()
    {
        KvReception reception = New();
        reception.Accept(new KvPart(0, 1, 100, 0), 40);
        Assert.Throws<KvTransferException>(() => Accept(reception, 0, 2));
        Assert.Throws<KvTransferException>(() => Accept(reception, 1, 1));
    }

    [Fact]
    public void Accept_Twice_Throws()
    {
        KvReception reception = New();
        Accept(reception, 0, 1);
        Assert.Throws<KvTransferException>(() => Accept(reception, 0, 1));
        Assert.Throws<KvTransferException>(() => reception.Accept(new KvPart(0, 1, 100, 0), 40));
    }

    [Fact]
    public void Accept_AfterAbort_Throws()
    {
        KvReception reception = New();
        reception.Accept(new KvPart(0, 1, 100, 0), 40);
        reception.Abort();
        Assert.Throws<KvTransferException>(() => reception.Accept(new KvPart(0, 1, 100, 40), 60));
        Assert.Throws<KvTransferException>(reception.Commit);
    }

    private static void Accept(KvReception reception, int layer, int block) => reception.Accept(KvPart.Whole(layer, block, 100), 100);

    private static KvReception New() => new(Ticket, layers: 2, firstBlock: 1, blocks: 3, blockBytes: 100);
}
