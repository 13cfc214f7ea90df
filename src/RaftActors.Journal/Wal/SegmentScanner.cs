namespace RaftActors.Journal.Wal;

/// <summary>A record that a scan has found intact. <paramref name="bytes"/> is valid during the call only.</summary>
internal delegate void RecordVisitor(ReadOnlySpan<byte> bytes, int offset);

/// <summary>Where the intact records of a segment end, and what the next one's number would be.</summary>
internal readonly record struct ScanEnd(int Offset, ulong NextLsn);

/// <summary>What stands behind the last intact record.</summary>
/// <param name="LaterWriteAt">Where a record stands that was written after the broken one was durable; -1 when there is none.</param>
/// <param name="LeftoverEnd">Where the last intact record of the broken write ends; 0 when there is none.</param>
/// <param name="LooksTorn">There are bytes of a write that did not end, not only what was there before.</param>
internal readonly record struct TailFinding(int LaterWriteAt, int LeftoverEnd, bool LooksTorn);

/// <summary>Reads the records of one segment that is in memory.</summary>
internal static class SegmentScanner
{
    /// <summary>Visits the intact records in order, whole atomic writes only, up to the first thing that is not the expected record.</summary>
    public static ScanEnd Scan(ReadOnlySpan<byte> segment, SegmentHeader header, RecordVisitor visit)
    {
        uint salt = RecordFormat.SaltState(header.Salt);
        int offset = SegmentHeader.Length;
        ulong lsn = header.FirstLsn;
        List<int> open = [];
        ScanEnd end = new(offset, lsn);
        while (RecordFormat.TryParse(segment[offset..], salt, out int length)
            && RecordFormat.LsnOf(segment[offset..]) == lsn)
        {
            ReadOnlySpan<byte> record = segment.Slice(offset, length);
            int next = offset + RecordFormat.Padded(length);
            lsn++;
            if ((RecordFormat.FlagsOf(record) & RecordFlags.Continues) != 0 || (open.Count > 0 && RecordFormat.TypeOf(record) == RecordType.Name))
            {
                open.Add(offset);
            }
            else
            {
                foreach (int held in open)
                {
                    visit(segment.Slice(held, (int)RecordFormat.LengthOf(segment[held..])), held);
                }

                open.Clear();
                visit(record, offset);
                end = new ScanEnd(next, lsn);
            }

            offset = next;
            if (offset > segment.Length)
            {
                break;
            }
        }

        return end;
    }

    /// <summary>
    /// Tells a torn last write from damage: a record of a later write is written only when everything before it is durable.
    /// Records of the same write may well stand behind a hole, because a disk writes its blocks in any order.
    /// </summary>
    public static TailFinding InspectTail(ReadOnlySpan<byte> segment, SegmentHeader header, ScanEnd end)
    {
        uint salt = RecordFormat.SaltState(header.Salt);
        int leftover = 0;
        bool torn = end.Offset + 16 <= segment.Length && RecordFormat.LsnOf(segment[end.Offset..]) == end.NextLsn;
        int offset = end.Offset;
        while (offset + RecordFormat.Smallest <= segment.Length)
        {
            ReadOnlySpan<byte> at = segment[offset..];

            // No more records fit than this, so a larger number is none of ours and needs no checksum.
            ulong distance = RecordFormat.LsnOf(at) - end.NextLsn;
            if (distance <= (ulong)(segment.Length / RecordFormat.Smallest) && RecordFormat.TryParse(at, salt, out int length))
            {
                if (RecordFormat.BatchOf(at) > end.NextLsn)
                {
                    return new TailFinding(offset, leftover, LooksTorn: true);
                }

                offset += RecordFormat.Padded(length);
                leftover = offset;
                torn = true;
                continue;
            }

            offset += RecordFormat.Alignment;
        }

        return new TailFinding(-1, leftover, torn);
    }
}
